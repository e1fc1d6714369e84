#!/usr/bin/env python3
"""A backup that is taken while rows come in has every row that was acknowledged before it, as it
was: same bytes, fields and names. It is restored from a directory, a tar and straight from the
daemon; what was restored goes on under a name of its own. A client that leaves, and kill -9 in the
middle, leave nothing behind.
"""
import json
import os
import socket
import subprocess
import tarfile
import threading

import daemon

ROWS_BEFORE = 3000
STAGING = "backup-staging"


def duramen(*words, server=None, code=0):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DURAMEN_")}
    if server:
        environment["DURAMEN_URL"] = server.url
    done = subprocess.run([daemon.BIN / "duramen", *words], env=environment, check=False,
                          capture_output=True, timeout=300)
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout.decode()


def record(number):
    text = f"record {number} of word{number % 53}"
    if number % 40 == 0:
        text += " \x00\n\ttrace " + "x" * (number % 3000)
    return {"log": text, "container_name": f"service-{number % 5}", "number": number,
            "nested": {"a": number % 3}, "time": f"2026-11-{19 + number % 3}T10:00:00.{number:09}Z"}


class Writer(threading.Thread):
    """Sends until it is stopped; `acknowledged` rows are durable."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.stopping = threading.Event()
        self.acknowledged = 0
        self.error = None

    def run(self):
        try:
            while not self.stopping.is_set():
                self.send(20)
        except BaseException as error:  # shown by the main thread
            self.error = error

    def send(self, count):
        rows = [record(n) for n in range(self.acknowledged, self.acknowledged + count)]
        answer = self.server.ingest(rows, stream="container_name")
        assert answer.status == 200, answer
        self.acknowledged += count

    def finish(self):
        self.stopping.set()
        self.join()
        if self.error:
            raise self.error


def seq(row):
    return int(row["_seq"].split(":")[1])


def all_rows(server, q="*"):
    rows, end = server.query(q)
    assert not end.get("partial"), end
    return sorted(rows, key=seq)


def node_of(server):
    return server.get("/api/v1/status").json()["node"]


def leftovers(server):
    return [p.name for p in server.data.iterdir() if p.name.startswith(STAGING)]


def compare(name, before, server, copy, summary):
    """The copy has what the original has, up to the seq that it promises and perhaps a bit beyond."""
    durable = summary["durable_seq"]
    assert durable >= before, f"{name}: {durable} durable, {before} were acknowledged before"
    rows = all_rows(copy)
    original = all_rows(server)
    wanted = [row for row in original if seq(row) <= durable]
    assert len(wanted) == durable, f"{name}: the original has gaps"
    assert rows[:durable] == wanted, f"{name}: rows differ"
    assert rows == original[: len(rows)], f"{name}: rows beyond the promised seq differ"
    check = json.loads(duramen("-o", "json", "verify", server=copy))
    assert check["ok"] and check["rows"] == len(rows), f"{name}: {check}"
    for q in ("word17", "number:1234", "absentword", "container_name:service-3 word5*"):
        found = [row["_seq"] for row in all_rows(copy, q)]
        known = {row["_seq"] for row in rows}
        wanted = [row["_seq"] for row in all_rows(server, q) if row["_seq"] in known]
        assert found == wanted, f"{name}: {q}: {len(found)} rows, not {len(wanted)}"
    return rows


def new_rows_have_new_names(name, server, original_nodes, rows):
    answer = server.ingest([record(999_999)], stream="container_name").json()
    node, number = answer["first_seq"].split(":")
    assert node == node_of(server) and node not in original_nodes, f"{name}: {answer}"
    assert int(number) == len(rows) + 1, f"{name}: {answer}"
    assert len({row["_seq"] for row in all_rows(server)}) == len(rows) + 1, name


def check_copies(directory, server, copies, before):
    """Each of the copies, a name and what the restore said, in a daemon of its own."""
    nodes = {row["_seq"].split(":")[0] for row in all_rows(server)}
    assert len(nodes) == 2, nodes  # the daemon was restarted once
    for name, summary in copies.items():
        data = directory / name
        check = json.loads(duramen("-o", "json", "verify", "--data-dir", str(data)))
        assert check["ok"], f"{name}: {check}"
        with daemon.Daemon(directory / (name + ".run"), data=data) as copy:
            rows = compare(name, before, server, copy, summary)
            new_rows_have_new_names(name, copy, nodes, rows)
            assert copy.terminate()[0] == 0, copy.log_tail()


def back_up_under_load(directory, server):
    """What was acknowledged before, and each restored directory with its summary."""
    writer = Writer(server)
    writer.acknowledged = ROWS_BEFORE
    writer.start()
    try:
        daemon.wait_until(lambda: writer.acknowledged > ROWS_BEFORE + 200, 60, "rows come in")
        before = writer.acknowledged
        told = json.loads(duramen("-o", "json", "backup", str(directory / "b"), server=server))
        streamed = json.loads(duramen("-o", "json", "restore", "--from", server.url, "--data-dir",
                                      str(directory / "from-url")))
        tar = server.request("POST", "/api/v1/admin/backup")
        now = writer.acknowledged
        assert tar.status == 200 and tar.headers["Content-Type"] == "application/x-tar", tar
        daemon.wait_until(lambda: writer.acknowledged > now, 60, "the writer goes on")
    finally:
        writer.finish()
    (directory / "b.tar").write_bytes(tar.body)
    duramen("backup", str(directory / "b"), server=server, code=1)  # it is there
    check = json.loads(duramen("-o", "json", "verify", "--data-dir", str(directory / "b")))
    assert check["ok"], check
    with tarfile.open(directory / "b.tar") as members:
        names = members.getnames()
    assert names[-1] == "backup.json" and len(set(names)) == len(names), names
    out = {"from-url": streamed}
    for name, source in (("from-directory", "b"), ("from-tar", "b.tar")):
        out[name] = json.loads(duramen("-o", "json", "restore", "--from", str(directory / source),
                                       "--data-dir", str(directory / name)))
    assert {k: v for k, v in told.items() if k != "directory"} == \
        {k: v for k, v in out["from-directory"].items() if k != "directory"}
    duramen("restore", "--from", str(directory / "b"), "--data-dir", str(directory / "from-tar"),
            code=1)  # not empty
    return before, out


def begin_to_receive(server):
    """A client that has the first bytes of a backup, and reads no further."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(60)
    client.connect((server.host, server.port))
    client.sendall(b"POST /api/v1/admin/backup HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert client.recv(1000).startswith(b"HTTP/1.1 200 "), "no backup"
    assert leftovers(server) == [STAGING], leftovers(server)
    return client


def check_broken_off(server, original):
    """A slow client has the only turn; when it goes, or the daemon is killed, all is as before."""
    client = begin_to_receive(server)
    second = server.request("POST", "/api/v1/admin/backup")
    assert second.status == 409 and second.json()["type"] == "/problems/backup-running", second
    assert server.get("/health/ready").status == 200
    client.close()
    daemon.wait_until(lambda: not leftovers(server), 30, "what was held on to is let go")
    client = begin_to_receive(server)
    code, seconds = server.terminate()
    assert code == 0, server.log_tail()
    assert seconds < daemon.STOP_SECONDS, f"stopped after {seconds:.1f} s"
    assert not leftovers(server), leftovers(server)
    client.close()
    server.start()
    client = begin_to_receive(server)
    server.kill()
    client.close()
    assert leftovers(server) == [STAGING]
    server.start()
    assert not leftovers(server), leftovers(server)
    assert all_rows(server) == original


def kill_the_receiver(directory, server):
    """`duramen restore` is killed: the directory is still good for the next try, and for no daemon
    half of it."""
    data = directory / "killed"
    process = subprocess.Popen([daemon.BIN / "duramen", "restore", "--from", server.url,
                                "--data-dir", data], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    daemon.wait_until(lambda: (data / "restore-partial").exists() or process.poll() is not None, 60,
                      "the restore begins")
    process.kill()
    process.wait()
    if not (data / "db").exists():
        duramen("restore", "--from", server.url, "--data-dir", str(data))
    assert sorted(p.name for p in data.iterdir()) == ["db", "index", "lock", "retention.bytes"]
    daemon.wait_until(lambda: not leftovers(server), 30, "what was held on to is let go")


def large_rows(server):
    """More than fits into the buffers between a daemon and a client that does not read."""
    for n in range(24):
        body = json.dumps({"log": os.urandom(512 * 1024).hex(), "container_name": "large", "n": n})
        answer = server.request("POST", "/api/v1/ingest", body.encode(), stream="container_name")
        assert answer.status == 200, answer


def test(directory):
    with daemon.Daemon(directory / "original", "--store-epoch-raw-bytes", "64KiB") as server:
        writer = Writer(server)
        for _ in range(ROWS_BEFORE // 20):
            writer.send(20)
        assert server.request("POST", "/api/v1/admin/seal").status == 200
        assert server.terminate()[0] == 0
        server.start()
        before, copies = back_up_under_load(directory, server)
        check_copies(directory, server, copies, before)
        large_rows(server)
        original = all_rows(server)
        check_broken_off(server, original)
        kill_the_receiver(directory, server)
        text = server.get("/metrics").body.decode()
        assert 'duramen_backups_total{end="whole"}' in text
    print(f"{len(copies)} copies of {len(original)} rows are as the original was")


if __name__ == "__main__":
    daemon.main(test)
