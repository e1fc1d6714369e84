#!/usr/bin/env python3
"""SIGTERM and SIGINT: what was accepted is kept, what is open is answered or refused, exit code 0
within 10 seconds. One data directory has one process."""
import http.client
import json
import signal
import subprocess
import threading
import time
import unittest

import daemon

SENDERS = 6


class Sender(threading.Thread):
    """Posts single numbered records until it is refused; remembers what was acknowledged."""

    def __init__(self, server, number):
        super().__init__()
        self.server = server
        self.number = number
        self.acknowledged = []
        self.refused = None
        self.first_ack = threading.Event()

    def run(self):
        connection = self.server.connect(timeout=20)
        count = 0
        try:
            while True:
                body = json.dumps({"log": f"sender {self.number} sends {count}", "n": count})
                connection.request("POST", "/api/v1/ingest", body)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200:
                    self.refused = (answer.status, text)
                    return
                self.acknowledged.append(f"sender {self.number} sends {count}")
                self.first_ack.set()
                count += 1
        except (OSError, http.client.HTTPException) as error:
            self.refused = (0, repr(error))
        finally:
            connection.close()
            self.first_ack.set()


class Stop(unittest.TestCase):
    base = None

    def setUp(self):
        self.directory = self.base / self.id().rsplit(".", 1)[1]
        self.directory.mkdir()

    def stop_under_load(self, signal_number):
        with daemon.Daemon(self.directory) as server:
            senders = [Sender(server, number) for number in range(SENDERS)]
            for sender in senders:
                sender.start()
            for sender in senders:
                self.assertTrue(sender.first_ack.wait(20))
            started = time.monotonic()
            server.process.send_signal(signal_number)
            self.assertEqual(server.process.wait(timeout=60), 0, server.log_tail())
            self.assertLess(time.monotonic() - started, daemon.STOP_SECONDS)
            for sender in senders:
                sender.join()
                self.assertIn(sender.refused[0], (0, 503), sender.refused)
            server.start()
            rows, _ = server.query("sender")
            found = [row["_msg"] for row in rows]
            self.assertEqual(len(found), len(set(found)))
            for sender in senders:
                self.assertTrue(sender.acknowledged)
                self.assertEqual(set(sender.acknowledged) - set(found), set())

    def test_sigterm_under_load_keeps_what_was_acknowledged(self):
        self.stop_under_load(signal.SIGTERM)

    def test_sigint_under_load_keeps_what_was_acknowledged(self):
        self.stop_under_load(signal.SIGINT)

    def test_a_request_in_the_middle_is_answered_or_refused(self):
        with daemon.Daemon(self.directory) as server:
            body = b'{"log":"half a body"}\n'
            with server.socket(timeout=30) as half:
                half.sendall(b"POST /api/v1/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                             % len(body) + body[:8])
                # The daemon has the first half when it has answered a later request.
                self.assertEqual(server.get("/health/ready").status, 200)
                started = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
                try:
                    half.sendall(body[8:])
                    answer = half.recv(65536)
                except OSError:
                    answer = b""
                self.assertEqual(server.process.wait(timeout=60), 0, server.log_tail())
                self.assertLess(time.monotonic() - started, daemon.STOP_SECONDS)
            server.start()
            stored = len(server.query('"half a body"')[0])
            if answer:
                status = int(answer.split()[1])
                self.assertIn(status, (200, 400, 408, 503), answer)
                self.assertEqual(stored, 1 if status == 200 else 0, answer)

    def test_idle_connections_and_running_queries_do_not_hold_it_up(self):
        with daemon.Daemon(self.directory) as server:
            record = json.dumps({"log": "slow reader " + "x" * 900}) + "\n"
            for _ in range(8):
                answer = server.request("POST", "/api/v1/ingest", (record * 4000).encode())
                self.assertEqual(answer.status, 200)
            idle = [server.socket() for _ in range(20)]
            reader = server.socket()
            reader.sendall(b"GET /api/v1/query?q=*&limit=0&end=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(reader.recv(1000))
            code, seconds = server.terminate()
            self.assertEqual(code, 0, server.log_tail())
            self.assertLess(seconds, daemon.STOP_SECONDS)
            for connection in idle + [reader]:
                connection.close()

    def refused_start(self, *options):
        done = subprocess.run(
            [daemon.BIN / "duramend", *options], capture_output=True, text=True, timeout=60,
            cwd=self.directory, check=False,
        )
        self.assertEqual(done.returncode, 1, done)
        return done.stderr

    def test_a_second_process_on_one_data_directory_is_refused(self):
        with daemon.Daemon(self.directory) as server:
            message = self.refused_start(
                "--data-dir", server.data,
                "--http-listen", "127.0.0.1:0",
            )
            self.assertIn(str(server.data), message)
            self.assertEqual(server.get("/health/ready").status, 200)

    def test_a_busy_port_is_named_with_the_remedy(self):
        with daemon.Daemon(self.directory) as server:
            message = self.refused_start(
                "--data-dir", self.directory / "data2",
                "--http-listen", server.address,
            )
            self.assertIn(server.address, message)
            self.assertIn("--http-listen", message)


def test(directory):
    Stop.base = directory
    done = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Stop)
    )
    assert done.wasSuccessful() and done.testsRun > 5, "see above"


if __name__ == "__main__":
    daemon.main(test)
