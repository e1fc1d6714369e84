#!/usr/bin/env python3
"""A daemon is killed again and again under load while clients follow: each gets every row once.

One client speaks HTTP and goes on by Last-Event-ID, the other is `duramen tail`. A sender numbers
its records and repeats each request, under its Idempotency-Key, until it is acknowledged.

DURAMEN_TEST_SEED repeats a run's random choices (not the scheduler's); DURAMEN_TEST_STOPS and
DURAMEN_TEST_SECONDS make it longer.
"""
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import daemon

STOPS = int(os.environ.get("DURAMEN_TEST_STOPS") or (6 if daemon.SANITIZED else 15))
SECONDS = float(os.environ.get("DURAMEN_TEST_SECONDS") or 0)  # at least, between the first and the last stop
PATIENCE = 120


class Sender(threading.Thread):
    """Sends numbered records of two apps until it is told to stop."""

    def __init__(self, server, up, seed):
        super().__init__()
        self.server = server
        self.up = up
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.sent = 0
        self.error = None

    def run(self):
        try:
            while not self.stopping.is_set():
                self.send(self.random.randint(1, 80))
        except BaseException as error:  # shown by the main thread
            self.error = error

    def send(self, count):
        records = [
            {"log": f"record {n} took {n % 97} ms", "app": "odd" if n % 2 else "even", "number": n}
            for n in range(self.sent, self.sent + count)
        ]
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.server.ingest(records, key=f"from-{self.sent}", timeout=20)
                if answer.status == 200:
                    self.sent += count
                    return
                assert answer.status in (429, 503), answer
            except (OSError, http.client.HTTPException):
                pass  # killed before or after it stored; the key makes a repeat safe
            assert time.monotonic() < deadline, "no answer after many attempts"
            self.up.wait(1)


class Browser(threading.Thread):
    """Follows by server-sent events as a browser does."""

    def __init__(self, server, up):
        super().__init__(daemon=True)
        self.server = server
        self.up = up
        self.numbers = []
        self.last = ""
        self.connections = 0
        self.stopping = False

    def run(self):
        while not self.stopping:
            try:
                self.follow()
            except (OSError, http.client.HTTPException):
                self.up.wait(1)

    def follow(self):
        headers = {"Accept": "text/event-stream"}
        if self.last:
            headers["Last-Event-ID"] = self.last
        connection = self.server.connect(20)
        try:
            connection.request("GET", "/api/v1/tail?q=app:odd&recent=1000000", headers=headers)
            answer = connection.getresponse()
            if answer.status == 503:
                return
            assert answer.status == 200, answer.status
            self.connections += 1
            name = ""
            while not self.stopping:
                line = answer.readline().decode()
                if not line:
                    return
                if line.startswith("id: "):
                    name = line[4:].strip()
                elif line.startswith("data: {\"_time\""):
                    row = json.loads(line[6:])
                    assert row["_seq"] == name, line
                    self.numbers.append(row["number"])
                    self.last = name
                elif line == "\n" and name and not self.last:
                    self.last = name
        finally:
            connection.close()


def stop_and_start(server, randomness):
    if randomness.random() < 0.25:
        server.terminate()
    else:
        server.kill()
    server.start()


def check(what, numbers, sent, step):
    wanted = list(range(sent))[1::2] if step == 2 else list(range(sent))
    if numbers == wanted:
        return
    lost = sorted(set(wanted) - set(numbers))
    doubled = sorted({n for n in numbers if numbers.count(n) > 1}) if len(numbers) < 50_000 else []
    raise AssertionError(
        f"{what}: {len(numbers)} of {len(wanted)}; lost {lost[:5]}, doubled {doubled[:5]}")


def numbers_of(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["number"] for line in lines if line.endswith("\n")]


def test(directory):
    seed = int(os.environ.get("DURAMEN_TEST_SEED") or random.SystemRandom().randrange(10**9))
    print(f"DURAMEN_TEST_SEED={seed}", flush=True)
    randomness = random.Random(seed)
    up = threading.Event()
    up.set()
    out, err = directory / "tail.out", directory / "tail.err"
    # Small epochs: rows go into blocks while clients are away.
    with daemon.Daemon(directory, "--store-epoch-raw-bytes", "256KiB") as server:
        # Clients come back to the address that they know.
        server.options += ("--http-listen", server.address)
        sender, browser = Sender(server, up, seed), Browser(server, up)
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            tail = subprocess.Popen(
                [daemon.BIN / "duramen", "--server", server.url, "-o", "json", "tail", "--all", "-n",
                 "1000000"], stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL)
        try:
            daemon.wait_until(lambda: b"Connected" in err.read_bytes(), 60, "the tail is connected")
            sender.start()
            browser.start()
            for _ in range(STOPS):
                goal = sender.sent + randomness.randint(500, 3000)
                daemon.wait_until(lambda: sender.sent >= goal or sender.error, PATIENCE, "progress")
                time.sleep(SECONDS / STOPS)
                up.clear()
                stop_and_start(server, randomness)
                up.set()
            sender.stopping.set()
            sender.join()
            if sender.error:
                raise sender.error
            sent = sender.sent
            daemon.wait_until(lambda: len(browser.numbers) >= sent // 2, PATIENCE, "the browser's rows")
            daemon.wait_until(lambda: out.read_bytes().count(b"\n") >= sent, PATIENCE, "the tail's rows")
            check("browser", browser.numbers, sent, 2)
            check("duramen tail", numbers_of(out), sent, 1)
            assert browser.connections > 1, "it was never interrupted"
            tail.send_signal(signal.SIGINT)
            assert tail.wait(30) == 0, "Ctrl-C is no failure"
            told = err.read_text(encoding="utf-8")
            assert told.startswith("Connected, tailing...\n"), told
            assert "Connected again, tailing..." in told, told
        finally:
            browser.stopping = True
            sender.stopping.set()
            up.set()
            if tail.poll() is None:
                tail.kill()
                tail.wait()
    print(f"{STOPS} stops, {sent} records, {browser.connections} connections", file=sys.stderr)


if __name__ == "__main__":
    daemon.main(test)
