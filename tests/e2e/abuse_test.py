#!/usr/bin/env python3
"""Broken and hostile HTTP: a clear problem+json each, naming the place; the daemon goes on, and its
memory stays bounded."""
import gzip
import json
import random
import socket
import unittest

import daemon

RECORD = b'{"log":"GET / 200","container_name":"web"}\n'
RESIDENT_MOST = (6 << 30) if daemon.SANITIZED else (700 << 20)


def raw(server, request, read_most=1 << 20):
    """Sends bytes as they are; gives what comes back until the server closes or falls silent."""
    answer = b""
    with server.socket(timeout=20) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it may refuse before it read everything
        while len(answer) < read_most:
            try:
                part = connection.recv(65536)
            except OSError:
                break
            if not part:
                break
            answer += part
    return answer


class Abuse(unittest.TestCase):
    directory = None

    @classmethod
    def setUpClass(cls):
        cls.server = daemon.Daemon(cls.directory)
        cls.server.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def tearDown(self):
        self.assertTrue(self.server.alive(), self.server.log_tail())
        self.assertEqual(self.server.get("/health/live").status, 200)
        self.assertLess(self.server.resident_bytes(), RESIDENT_MOST)

    def problem(self, answer, status, *words):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers.get_content_type(), "application/problem+json")
        body = answer.json()
        self.assertEqual(body["status"], status)
        for member in ("type", "title", "detail"):
            self.assertTrue(body[member], body)
        for word in words:
            self.assertIn(word, answer.body.decode(), body)
        return body

    def raw_problem(self, answer, status):
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertRegex(head, rb"^HTTP/1\.1 %d " % status)
        self.assertIn(b"application/problem+json", head.lower())
        self.assertEqual(json.loads(body)["status"], status)

    def post(self, body, headers=None, **parameters):
        return self.server.request("POST", "/api/v1/ingest", body, headers, **parameters)

    def rows(self, q):
        return len(self.server.query(q)[0])

    def test_a_broken_gzip_body_stores_nothing(self):
        good = gzip.compress(RECORD.replace(b"200", b"brokengzip") * 2000)
        for place in (10, len(good) // 2, len(good) - 5):
            bad = good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :]
            self.problem(self.post(bad, {"Content-Encoding": "gzip"}), 400)
            self.problem(self.post(good[:place], {"Content-Encoding": "gzip"}), 400)
        self.assertEqual(self.rows("brokengzip"), 0)

    def test_a_gzip_bomb_is_refused(self):
        bomb = gzip.compress(b"x" * (200 << 20), 9)
        self.problem(self.post(bomb, {"Content-Encoding": "gzip"}), 413)

    def test_an_unknown_coding_is_refused(self):
        self.problem(self.post(RECORD, {"Content-Encoding": "br"}), 415, "br")

    def test_a_body_of_two_gibibytes_is_refused_by_its_header(self):
        head = b"POST /api/v1/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 2147483648\r\n\r\n"
        self.raw_problem(raw(self.server, head + RECORD), 413)

    def test_a_chunked_body_without_end_is_refused_at_the_limit(self):
        chunk = b"100000\r\n" + (RECORD * 25000)[: 1 << 20] + b"\r\n"
        head = b"POST /api/v1/ingest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.raw_problem(raw(self.server, head + chunk * 80), 413)

    def test_a_header_bomb_is_refused(self):
        head = b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + b"A: " + b"b" * (1 << 20) + b"\r\n\r\n"
        self.raw_problem(raw(self.server, head), 431)
        head = b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 100_000 + b"\r\n"
        self.raw_problem(raw(self.server, head), 431)

    def test_garbage_instead_of_http_is_answered_or_closed(self):
        randomness = random.Random(7)
        for _ in range(50):
            raw(self.server, bytes(randomness.randrange(256) for _ in range(300)))
        self.raw_problem(raw(self.server, b"GARBAGE\r\n\r\n"), 400)

    def test_contradicting_lengths_are_refused(self):
        head = b"POST /api/v1/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n"
        self.raw_problem(raw(self.server, head + b"hello"), 400)

    def test_a_body_that_never_comes_does_not_hold_up_others(self):
        waiting = [self.server.socket() for _ in range(50)]
        for connection in waiting:
            connection.sendall(b"POST /api/v1/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n")
        self.assertEqual(self.post(RECORD).status, 200)
        for connection in waiting:
            connection.close()

    def test_a_bad_query_names_its_place(self):
        cases = {
            "status:>=": "column", '"open': "column", "(a OR b": "column", "/(/": "column",
            "* | stats frob(x)": "column", "a | nosuchpipe": "column", "a AND": "column",
        }
        for q, word in cases.items():
            with self.subTest(q=q):
                self.problem(self.server.get("/api/v1/query", q=q), 400, word)

    def test_bad_parameters_are_named(self):
        for name, value in [("start", "yesterdayish"), ("end", "12x"), ("limit", "-1"),
                            ("limit", "many"), ("order", "sideways")]:
            with self.subTest(name=name, value=value):
                self.problem(self.server.get("/api/v1/query", q="*", **{name: value}), 400, name)

    def test_a_deeply_nested_body_of_parameters_is_refused(self):
        for levels in (2, 65, 100_000):
            body = b'{"q":' + b"[" * levels + b"]" * levels + b"}"
            answer = self.server.request("POST", "/api/v1/query", body, {"Content-Type": "application/json"})
            self.problem(answer, 400, "bad-parameter")

    def test_a_deeply_nested_message_can_be_queried(self):
        deep = '{"nestedline":' + "[" * 100_000 + "]" * 100_000 + "}"
        self.assertEqual(self.post(json.dumps({"log": deep}).encode()).status, 200)
        self.assertEqual(self.rows("nestedline | parse json"), 1)
        for q in ("nestedline | parse json | stats count() as n by nestedline",
                  "nestedline | parse json | stats max(nestedline) as m | fields m"):
            answer = self.server.get("/api/v1/stats", q=q)
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(len(answer.json()["rows"]), 1)

    def test_a_foreign_or_broken_cursor_is_refused(self):
        self.assertEqual(self.post(RECORD.replace(b"200", b"pages") * 50).status, 200)
        _, end = self.server.query("pages", limit=10)
        cursor = end["cursor"]
        self.assertTrue(cursor, end)
        self.problem(self.server.get("/api/v1/query", q="other", limit=10, cursor=cursor), 400, "cursor")
        for bad in ("x", cursor[:-3], cursor[:5] + "AAAA" + cursor[9:], "é", "A" * 5000):
            with self.subTest(cursor=bad[:20]):
                self.problem(self.server.get("/api/v1/query", q="pages", limit=10, cursor=bad), 400, "cursor")
        with daemon.Daemon(self.directory / "other") as other:
            other.request("POST", "/api/v1/ingest", RECORD)
            answer = other.get("/api/v1/query", q="pages", limit=10, cursor=cursor)
            self.problem(answer, 400, "cursor")

    def test_bad_lines_are_named_and_good_ones_stored(self):
        body = (b'{"log":"goodline one"}\nnot json\n{"log":5}\n[1]\n{"log":"goodline two"}\n'
                b'{"log":"goodline cut\n')
        answer = self.post(body)
        self.assertEqual(answer.status, 200, answer)
        found = answer.json()
        self.assertEqual(found["accepted"] + found["rejected"], 6, found)
        self.assertIn(2, [error["line"] for error in found["errors"]])
        self.assertTrue(all(error["reason"] for error in found["errors"]))
        self.assertEqual(self.rows("goodline"), 2)
        self.problem(self.post(b"not json\nneither\n"), 400)

    def test_a_key_used_for_another_body_is_refused(self):
        key = {"Idempotency-Key": "abuse-key"}
        self.assertEqual(self.post(RECORD.replace(b"200", b"keyed"), key).status, 200)
        self.assertEqual(self.post(RECORD.replace(b"200", b"keyed"), key).status, 200)
        self.problem(self.post(RECORD, key), 422)
        self.assertEqual(self.rows("keyed"), 1)

    def test_an_unknown_path_and_a_wrong_method_are_told(self):
        self.problem(self.server.get("/api/v1/nosuch"), 404, "/api/v1/nosuch")
        answer = self.server.request("DELETE", "/api/v1/ingest")
        self.problem(answer, 405)
        self.assertIn("POST", answer.headers["Allow"])

    def test_a_client_that_leaves_ends_its_query(self):
        record = json.dumps({"log": "leaver " + "x" * 900}) + "\n"
        for _ in range(10):
            self.assertEqual(self.post((record * 4000).encode()).status, 200)
        with self.server.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /api/v1/query?q=leaver&limit=0 HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(connection.recv(1000))
            self.assertTrue(self.running())
        daemon.wait_until(lambda: not self.running(), 20, "the query of a client that left is gone")

    def running(self):
        found = self.server.get("/api/v1/queries").json()
        found = found if isinstance(found, list) else found["queries"]
        return [q for q in found if "leaver" in q["q"]]


def test(directory):
    Abuse.directory = directory
    done = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Abuse)
    )
    assert done.wasSuccessful() and done.testsRun > 10, "see above"


if __name__ == "__main__":
    daemon.main(test)
