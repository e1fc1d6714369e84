"""A duramend under test: its own data directory, port 0, stopped by pid. No fixed ports or paths."""
import http.client
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

BIN = pathlib.Path(os.environ["DURAMEN_BIN_DIR"])
# What is promised for time and memory holds for the build that is shipped.
SANITIZED = os.environ.get("DURAMEN_SANITIZED") == "1"
START_SECONDS = 60
STOP_SECONDS = 40 if SANITIZED else 10


class Skip(Exception):
    """The test cannot run here; becomes `SKIPPED: reason` and exit code 77."""


def skip(need, reason):
    """Skips for want of `need`, one of scripts/needs.txt."""
    raise Skip(f"{need}: {' '.join(reason.split())}")


def main(test):
    """Runs `test(directory)` in a fresh directory, which stays for a look when the test fails."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="duramen-e2e."))
    try:
        test(directory)
    except Skip as reason:
        shutil.rmtree(directory)
        print(f"SKIPPED: {reason}")
        sys.exit(77)
    except BaseException:
        print(f"the data directories stay in {directory}", file=sys.stderr)
        raise
    shutil.rmtree(directory)


def wait_until(condition, seconds, what):
    """Polls until `condition()` is true and gives its value; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def as_user(number):
    """Options of subprocess that start a process as this user, without further groups."""
    return {} if number is None else {"user": number, "group": number, "extra_groups": []}


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def lines(self):
        return [json.loads(line) for line in self.body.splitlines()]

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Daemon:
    """Starts in the constructor and answers when that returns. As a context manager it is killed
    at the end at the latest. `user`: the number of the user (and group) that it runs as."""

    def __init__(self, directory, *options, environment=None, data=None, user=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.data = pathlib.Path(data) if data else self.directory / "data"
        self.options = options
        self.user = user
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("DURAMEN_")}
        self.environment.update(environment or {})
        self.log = self.directory / "duramend.log"
        self.process = None
        self.start()

    def start(self):
        address_file = self.data / "http.address"
        address_file.unlink(missing_ok=True)
        command = [BIN / "duramend", "--data-dir", self.data]
        if "--http-listen" not in self.options:
            command += ["--http-listen", "127.0.0.1:0"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command + list(self.options), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env=self.environment, cwd=self.directory, **as_user(self.user),
            )

        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"duramend ended: {self.process.returncode}\n{self.log_tail()}")
            return address_file.exists() and address_file.read_text(encoding="utf-8").strip()

        self.address = wait_until(ready, START_SECONDS, "duramend starts").splitlines()[0]
        self.url = "http://" + self.address
        self.host, port = self.address.rsplit(":", 1)
        self.port = int(port)

    def log_tail(self):
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self):
        """SIGTERM; gives (exit code, seconds)."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=STOP_SECONDS * 6)
        return code, time.monotonic() - started

    def alive(self):
        return self.process.poll() is None

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()

    def connect(self, timeout=60):
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def socket(self, timeout=60):
        return socket.create_connection((self.host, self.port), timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=60, **parameters):
        if parameters:
            path += "?" + urllib.parse.urlencode(parameters)
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path, **parameters):
        return self.request("GET", path, **parameters)

    def ingest(self, records, key=None, **parameters):
        body = "".join(json.dumps(r) + "\n" for r in records).encode()
        headers = {"Content-Type": "application/x-ndjson"}
        if key:
            headers["Idempotency-Key"] = key
        return self.request("POST", "/api/v1/ingest", body, headers, **parameters)

    def query(self, q="*", **parameters):
        """All matching rows and the end line."""
        parameters.setdefault("limit", 0)
        answer = self.request("GET", "/api/v1/query", q=q, end=1, **parameters)
        assert answer.status == 200, answer
        rows = answer.lines()
        assert rows and "_end" in rows[-1], f"no end line: {answer}"
        return rows[:-1], rows[-1]["_end"]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.alive():
            self.kill()
        text = self.log.read_text(encoding="utf-8", errors="replace")
        for mark in ("Sanitizer:", "runtime error:"):
            assert mark not in text, f"a sanitizer spoke:\n{text[-6000:]}"
        if kind is not None:
            print(f"--- duramend's log\n{self.log_tail()}", file=sys.stderr)
        return False
