#!/usr/bin/env python3
"""A full disk: ingest answers 503 with the reason, queries go on, and it recovers when there is room.
The data directory is a small tmpfs, which only root can mount."""
import os
import subprocess

import daemon

DISK_BYTES = 640 << 20
RECOVER_SECONDS = 60


class SmallDisk:
    def __init__(self, place):
        self.place = place
        place.mkdir()

    def __enter__(self):
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "duramen-test", self.place],
            capture_output=True, text=True, check=False,
        )
        if done.returncode != 0:
            daemon.skip("mount", f"cannot mount a tmpfs: {done.stderr.strip()}")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.place], check=True)

    def fill(self, left):
        room = os.statvfs(self.place)
        size = room.f_bavail * room.f_frsize - left
        with open(self.place / "filler", "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, size)

    def make_room(self):
        (self.place / "filler").unlink()


def post(server, text):
    """200 records that do not compress much."""
    return server.ingest([{"log": f"{text} {n} {os.urandom(600).hex()}"} for n in range(200)])


def check_refusal(server, disk, left):
    """Fills the disk; within a while every ingest is refused, with the reason and a time."""
    disk.fill(left)
    acknowledged = 0

    def refused():
        nonlocal acknowledged
        answer = post(server, "filling")
        if answer.status == 200:
            acknowledged += answer.json()["accepted"]
            return None
        return answer

    answer = daemon.wait_until(refused, RECOVER_SECONDS, "ingest is refused on a full disk")
    assert answer.status == 503, answer
    assert answer.headers.get_content_type() == "application/problem+json", answer
    assert int(answer.headers["Retry-After"]) > 0
    detail = answer.json()["detail"]
    assert "disk" in detail or "space" in detail or "free" in detail, detail
    return acknowledged


def check_reads(server, before, filling):
    assert len(server.query("before")[0]) == before
    assert len(server.query("filling")[0]) == filling, "acknowledged on a full disk and lost"
    assert server.get("/api/v1/status").status == 200
    assert server.get("/health/live").status == 200


def check_recovery(server):
    answer = daemon.wait_until(
        lambda: next((a for a in [post(server, "after")] if a.status == 200), None),
        RECOVER_SECONDS, "ingest goes on when there is room",
    )
    assert answer.json()["accepted"] == 200
    assert len(server.query("after")[0]) == 200


def run(directory, left, *options):
    directory.mkdir()
    with SmallDisk(directory / "disk") as disk:
        with daemon.Daemon(directory, *options, data=directory / "disk/data") as server:
            assert post(server, "before").status == 200
            filling = check_refusal(server, disk, left)
            check_reads(server, 200, filling)
            disk.make_room()
            check_recovery(server)
            server.kill()
            server.start()
            check_reads(server, 200, filling)
            assert len(server.query("after")[0]) == 200


def test(directory):
    # As configured by default: refused while there is still room for what is open.
    run(directory / "reserve", 64 << 20)
    # Without that reserve the disk itself refuses, in the middle of a write.
    run(directory / "bare", 1 << 20, "--store-min-free-bytes", "0")
    print("refused, read and recovered, with and without a reserve")


if __name__ == "__main__":
    daemon.main(test)
