#!/usr/bin/env python3
"""kill -9 at random moments under load: every acknowledged record is there exactly once.

Clients number their records and repeat each request, under its Idempotency-Key, until it is
acknowledged. So in the end every number from 0 up to a client's last must be found, each once: a
lost one was acknowledged and lost, a doubled one was stored twice under one key. A kill does not
lose the page cache; that a sync is there is another test's matter (tests/store).

DURAMEN_TEST_SEED repeats a run's random choices (not the scheduler's).
"""
import collections
import http.client
import json
import os
import random
import sys
import threading
import time

import daemon

KILLS = 20 if daemon.SANITIZED else 60
CLIENTS = 4
BATCH_MOST = 60
RECORDS_MOST = 60_000  # of one client: bounds the final comparison
RETRY_SECONDS = 60


class Client(threading.Thread):
    """Sends numbered records; `expected` is how many were acknowledged."""

    def __init__(self, number, seed, shared):
        super().__init__()
        self.number = number
        self.random = random.Random(seed * 1000 + number)
        self.shared = shared
        self.expected = 0
        self.repeats = 0
        self.error = None

    def run(self):
        try:
            while not self.shared.stopping.is_set() and self.expected < RECORDS_MOST:
                self.send(self.random.randint(1, BATCH_MOST))
        except BaseException as error:  # shown by the main thread
            self.error = error

    def record(self, number):
        text = f"client {self.number} record {number} took {self.random.randint(1, 999)} ms"
        if number % 50 == 0:
            text += " \x00\n\ttrace " + "x" * self.random.randint(0, 5000)
        name = f"service-{(self.number + number) % 7}"
        return {"log": text, "container_name": name, "client": self.number, "number": number}

    def send(self, count):
        first = self.expected
        body = "".join(json.dumps(self.record(n)) + "\n" for n in range(first, first + count))
        headers = {"Idempotency-Key": f"client-{self.number}-from-{first}"}
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                answer = self.shared.server.request(
                    "POST", "/api/v1/ingest", body.encode(), headers, timeout=20,
                    stream="container_name",
                )
            except (OSError, http.client.HTTPException):
                answer = None  # killed before or after it stored; the key makes a repeat safe
            if answer is not None and answer.status == 200:
                assert answer.json()["accepted"] == count, answer
                break
            if answer is not None:
                assert answer.status in (429, 503), answer
            self.repeats += 1
            assert time.monotonic() < deadline, "no answer after many attempts"
            self.shared.up.wait(1)
        self.expected += count
        self.shared.count_ack()


class Shared:
    def __init__(self, server):
        self.server = server
        self.stopping = threading.Event()
        self.up = threading.Event()
        self.up.set()
        self.acks = 0
        self.changed = threading.Condition()

    def count_ack(self):
        with self.changed:
            self.acks += 1
            self.changed.notify_all()

    def wait_for_acks(self, more, clients):
        with self.changed:
            goal = self.acks + more
            while self.acks < goal and any(c.is_alive() for c in clients):
                self.changed.wait(0.5)


def seal_often(shared, randomness):
    """Makes epochs end at all sorts of moments, so that kills hit the block builder too."""
    while not shared.stopping.is_set():
        try:
            shared.server.request("POST", "/api/v1/admin/seal", timeout=20)
        except (OSError, http.client.HTTPException):
            pass
        shared.stopping.wait(randomness.random() * 0.3)


def kill_loop(shared, clients, randomness):
    for _ in range(KILLS):
        shared.wait_for_acks(randomness.randint(1, 60), clients)
        # Not always between an ack and the next request.
        shared.stopping.wait(randomness.random() * 0.02)
        shared.up.clear()
        shared.server.kill()
        if randomness.random() < 0.25:
            kill_while_starting(shared.server, randomness)
        shared.server.start()
        shared.up.set()


def kill_while_starting(server, randomness):
    """Recovery that is itself cut short must be as good as one that is not."""
    timer = threading.Timer(randomness.random() * 0.3, lambda: server.process.kill())
    starter = threading.Thread(target=lambda: start_quietly(server))
    before = server.process
    starter.start()
    daemon.wait_until(lambda: server.process is not before, 10, "the process exists")
    timer.start()
    starter.join()
    timer.join()
    server.process.wait()


def start_quietly(server):
    try:
        server.start()
    except AssertionError:
        pass  # it was killed before it was ready


def compare(server, clients):
    rows, _ = server.query("*")
    seen = collections.Counter((int(row["client"]), int(row["number"])) for row in rows)
    assert len({row["_seq"] for row in rows}) == len(rows), "two rows have one identity"
    for client in clients:
        wanted = {(client.number, n) for n in range(client.expected)}
        found = {key for key in seen if key[0] == client.number}
        lost = sorted(wanted - found)
        extra = sorted(found - wanted)
        assert not lost, f"acknowledged and lost: {len(lost)}, first {lost[:5]}"
        assert not extra, f"never sent: {extra[:5]}"
    doubled = [key for key, count in seen.items() if count > 1]
    assert not doubled, f"stored more than once: {len(doubled)}, first {sorted(doubled)[:5]}"
    texts = {(int(r["client"]), int(r["number"])): r["_msg"] for r in rows}
    for (client, number), text in texts.items():
        assert text.startswith(f"client {client} record {number} took "), text[:200]


def test(directory):
    seed = int(os.environ.get("DURAMEN_TEST_SEED") or random.SystemRandom().randrange(10**9))
    print(f"DURAMEN_TEST_SEED={seed}", flush=True)
    randomness = random.Random(seed)
    started = time.monotonic()
    # Small epochs: many kills fall into the building of blocks.
    with daemon.Daemon(directory, "--store-epoch-raw-bytes", "256KiB") as server:
        shared = Shared(server)
        clients = [Client(number, seed, shared) for number in range(CLIENTS)]
        sealer = threading.Thread(target=seal_often, args=(shared, random.Random(seed + 1)))
        for thread in clients + [sealer]:
            thread.start()
        try:
            kill_loop(shared, clients, randomness)
        finally:
            shared.stopping.set()
            shared.up.set()
            for thread in clients + [sealer]:
                thread.join()
        for client in clients:
            if client.error:
                raise client.error
        compare(server, clients)
        server.kill()
        server.start()
        compare(server, clients)
        records = sum(c.expected for c in clients)
        repeats = sum(c.repeats for c in clients)
    assert records > KILLS and repeats > 0, "the kills hit nothing"
    print(
        f"{KILLS} kills, {records} records in {shared.acks} requests, {repeats} repeated, "
        f"{time.monotonic() - started:.0f} s", file=sys.stderr,
    )


if __name__ == "__main__":
    daemon.main(test)
