#!/usr/bin/env python3
"""One row in a hundred is deleted under load, and the daemon killed meanwhile, again and again.

Somebody who counts all the time sees all of the rows or none, and none ever after. Nothing else
goes. DURAMEN_TEST_ROWS and DURAMEN_TEST_KILLS change how much; DURAMEN_TEST_SEED repeats a run's
random choices (not the scheduler's).
"""
import http.client
import os
import random
import subprocess
import sys
import threading
import time

import daemon

ROWS = int(os.environ.get("DURAMEN_TEST_ROWS") or (40_000 if daemon.SANITIZED else 1_000_000))
KILLS = int(os.environ.get("DURAMEN_TEST_KILLS") or 4)
BATCH = 10_000
PATIENCE = 600


def fill(server):
    """Every hundredth row is a card's; over three days."""
    for first in range(0, ROWS, BATCH):
        records = [
            {"time": 1_790_000_000 - n % 3 * 86_400, "app": f"app{n % 7}", "n": n,
             "log": f"{'card' if n % 100 == 0 else 'login'} of user {n * 7919 % 100_003} took {n % 97} ms"}
            for n in range(first, min(first + BATCH, ROWS))
        ]
        answer = server.ingest(records)
        assert answer.status == 200, answer


class Repeating(threading.Thread):
    """Does something until it is told to stop; a daemon that is away is no fault."""

    def __init__(self, up):
        super().__init__(daemon=True)
        self.up = up
        self.stopping = threading.Event()
        self.rounds = 0
        self.error = None

    def run(self):
        while not self.stopping.is_set() and self.error is None:
            try:
                self.once()
                self.rounds += 1
            except (OSError, http.client.HTTPException):
                self.up.wait(1)
            except BaseException as error:  # shown by the main thread
                self.error = error

    def once(self):
        raise NotImplementedError


class Sender(Repeating):
    """New rows all the time, cards among them: they came too late to be meant."""

    def __init__(self, server, up):
        super().__init__(up)
        self.server = server
        self.sent = 0

    def once(self):
        records = [{"app": "load", "log": f"late card {n}", "late": n}
                   for n in range(self.sent, self.sent + 500)]
        answer = self.server.ingest(records, key=f"late-{self.sent}", timeout=30)
        if answer.status == 200:
            self.sent += 500
        else:
            assert answer.status in (429, 503), answer


class Counter(Repeating):
    def __init__(self, server, up):
        super().__init__(up)
        self.server = server
        self.gone = False
        self.seen = set()

    def once(self):
        must_be_gone = self.gone
        answer = self.server.get("/api/v1/hits", q="card -app:load", step="1d", timeout=60)
        if answer.status != 200:
            assert answer.status in (429, 503), answer
            return
        hits = answer.json()
        assert not hits["partial"], hits
        cards = hits["total"]
        self.seen.add(cards)
        assert cards in (0, ROWS // 100), f"half a deletion: {cards} of {ROWS // 100} rows"
        assert cards == 0 or not must_be_gone, "the rows came back"
        self.gone = self.gone or cards == 0


def deletion(server, number):
    answer = server.get(f"/api/v1/deletions/{number}")
    return answer.json() if answer.status == 200 else None


def kill_now_and_then(server, number, randomness, up, fail):
    """Until the deletion has ended; gives how often it was killed meanwhile."""
    kills = 0
    while True:
        fail()
        now = deletion(server, number)
        assert now is None or now["state"] in ("planned", "hidden", "done"), now
        if now and now["state"] == "done":
            return kills, now
        if kills < KILLS:
            time.sleep(randomness.random() * ROWS / 2_000_000)
            up.clear()
            server.kill()
            server.start()
            up.set()
            kills += 1


def test(directory):
    seed = int(os.environ.get("DURAMEN_TEST_SEED") or random.SystemRandom().randrange(10**9))
    print(f"DURAMEN_TEST_SEED={seed}", flush=True)
    randomness = random.Random(seed)
    up = threading.Event()
    up.set()
    with daemon.Daemon(directory) as server:
        fill(server)
        assert server.request("POST", "/api/v1/admin/seal", timeout=PATIENCE).status == 200
        sender, counter = Sender(server, up), Counter(server, up)

        def fail():
            for one in (sender, counter):
                if one.error:
                    raise one.error

        sender.start()
        counter.start()
        daemon.wait_until(lambda: (counter.rounds > 1 and sender.rounds > 1) or fail(), PATIENCE, "load")
        started = time.monotonic()
        asked = server.request("POST", "/api/v1/deletions", q="card -app:load", reason="a test")
        assert asked.status == 202, asked
        kills, ended = kill_now_and_then(server, asked.json()["id"], randomness, up, fail)
        took = time.monotonic() - started
        rounds = counter.rounds
        daemon.wait_until(lambda: counter.rounds > rounds + 1 or fail(), PATIENCE, "a last look")
        for one in (sender, counter):
            one.stopping.set()
            one.join()
        fail()
        assert ended["rows"] == ROWS // 100 and "problem" not in ended, ended
        assert counter.seen == {0, ROWS // 100}, counter.seen
        total = lambda q: server.get("/api/v1/hits", q=q, step="1d", timeout=PATIENCE).json()["total"]
        assert total("-app:load") == ROWS - ROWS // 100
        assert total("app:load") == sender.sent
        # Row by row, without the index and what is known of templates.
        rows, end = server.query("n:<5000 -app:load")
        assert sorted(row["n"] for row in rows) == [n for n in range(min(5000, ROWS)) if n % 100], end
        check = subprocess.run([daemon.BIN / "duramen", "--server", server.url, "verify"],
                               capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert check.returncode == 0, check
    print(f"{ROWS} rows, {kills} kills, {took:.1f} s, {counter.rounds} counts, {sender.sent} rows of load",
          file=sys.stderr)


if __name__ == "__main__":
    daemon.main(test)
