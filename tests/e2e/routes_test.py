#!/usr/bin/env python3
"""Every route of openapi.json answers as it is documented there, and stands in docs/http-api.md."""
import json
import pathlib
import re

import daemon

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONTRACT = {
    ("post", "/api/v1/ingest"), ("get", "/api/v1/query"), ("post", "/api/v1/query"),
    ("get", "/api/v1/hits"), ("get", "/api/v1/fields"), ("get", "/api/v1/labels"),
    ("get", "/api/v1/tail"), ("get", "/api/v1/recent"), ("get", "/api/v1/labels/{name}/values"), ("get", "/api/v1/context"),
    ("get", "/api/v1/explain"), ("post", "/api/v1/explain"),
    ("get", "/api/v1/queries"), ("delete", "/api/v1/queries/{id}"), ("get", "/api/v1/stats"),
    ("get", "/api/v1/cursors"), ("get", "/api/v1/cursors/{name}"), ("put", "/api/v1/cursors/{name}"),
    ("delete", "/api/v1/cursors/{name}"), ("post", "/api/v1/admin/seal"), ("get", "/api/v1/status"), ("get", "/health/live"),
    ("get", "/health/ready"), ("get", "/metrics"), ("get", "/api/v1/openapi.json"),
}
VALUES = {"q": "* | stats count()", "limit": "5", "id": "999999", "step": "1m", "by": "source",
          "name": "app", "seq": "now"}


def concrete(path, operation):
    """The path with values for its own and its required query parameters."""
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace("{%s}" % name, VALUES[name])
    query = {}
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query" and parameter.get("required"):
            query[parameter["name"]] = VALUES[parameter["name"]]
    return path, query


def check_endless(server, place, target, documented):
    """An answer without an end: its head comes at once."""
    connection = server.connect(60)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        assert answer.status == 200, f"{place}: {answer.status}"
        kind = answer.headers.get_content_type()
        assert kind in documented["200"]["content"], f"{place}: undocumented content type {kind}"
    finally:
        connection.close()
    assert server.request("HEAD", target).body == b"", place


def check_operation(server, method, path, operation):
    place = f"{method.upper()} {path}"
    assert operation.get("summary"), f"{place} has no summary"
    documented = operation.get("responses")
    assert documented, f"{place} documents no answers"
    target, query = concrete(path, operation)
    body = b'{"log":"from the routes test"}\n' if path.endswith("ingest") else None
    if path == "/api/v1/tail":
        return check_endless(server, place, target, documented)
    answer = server.request(method.upper(), target, body, **query)
    assert str(answer.status) in documented, f"{place}: undocumented answer {answer}"
    content = documented[str(answer.status)].get("content")
    if content:
        kind = answer.headers.get_content_type()
        assert kind in content, f"{place}: undocumented content type {kind}"
    if answer.headers.get_content_type() in ("application/json", "application/problem+json"):
        json.loads(answer.body)
    if method == "get":
        head = server.request("HEAD", target, **query)
        assert head.status == answer.status and head.body == b"", f"HEAD {path}: {head}"


def test(directory):
    manual = (ROOT / "docs/http-api.md").read_text(encoding="utf-8")
    with daemon.Daemon(directory) as server:
        answer = server.get("/api/v1/openapi.json")
        assert answer.status == 200, answer
        document = answer.json()
        assert document["openapi"].startswith("3."), document["openapi"]
        stored = server.request("POST", "/api/v1/ingest", b'{"log":"one to find"}\n').json()
        VALUES["seq"] = stored["first_seq"]
        found = set()
        for path, operations in document["paths"].items():
            assert path in manual, f"{path} is not in docs/http-api.md"
            for method, operation in operations.items():
                found.add((method, path))
                check_operation(server, method, path, operation)
        missing = CONTRACT - found
        assert not missing, f"not in openapi.json: {sorted(missing)}"
        assert server.alive()
    print(f"{len(found)} operations answered as documented")


if __name__ == "__main__":
    daemon.main(test)
