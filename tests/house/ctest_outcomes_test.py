#!/usr/bin/env python3
"""./test is green only when the tests ran: how ctest's report becomes outcomes and a summary."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

PASSED = '<testcase name="ok" status="run"><system-out></system-out></testcase>'
FAILED = """<testcase name="bad/one" status="fail"><failure message=""/>
<system-out>first line
last line</system-out></testcase>"""
BY_CODE = """<testcase name="py" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>
<system-out>SKIPPED: mount: cannot mount a tmpfs
</system-out></testcase>"""
BY_GTEST = """<testcase name="A.B" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
<system-out>[ RUN      ] A.B
/x/a_test.cc:7: Skipped
ipv6: this machine has no ::1
[  SKIPPED ] A.B (0 ms)
</system-out></testcase>"""
NAMELESS = """<testcase name="py" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>
<system-out>SKIPPED: not today
</system-out></testcase>"""
SILENT = """<testcase name="py" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>
<system-out></system-out></testcase>"""
DISABLED = '<testcase name="off" status="disabled"><system-out>Disabled</system-out></testcase>'
NO_PROGRAM = """<testcase name="gone" status="notrun"><skipped message="Unable to find executable"/>
<system-out>Unable to find executable: /nowhere</system-out></testcase>"""
NO_FIXTURE = """<testcase name="needs" status="notrun"><skipped message="Fixture dependency failed"/>
<system-out>Failed test dependencies: setup</system-out></testcase>"""
NO_REASON = '<testcase name="lost" status="notrun"/>'


class Outcomes(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.results = pathlib.Path(directory.name)

    def script(self, name, *arguments, require=""):
        return subprocess.run(
            [sys.executable, ROOT / "scripts" / name, *arguments], capture_output=True, text=True,
            env=dict(os.environ, DURAMEN_REQUIRE=require), check=False,
        )

    def outcomes(self, *cases, code=0, require=""):
        report = f"<testsuite>{''.join(cases)}</testsuite>"
        (self.results / "p.xml").write_text(report, encoding="utf-8")
        (self.results / "p.log").write_text("50% tests passed, of 2\n", encoding="utf-8")
        done = self.script("ctest_outcomes.py", "p", self.results, str(code), require=require)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        (self.results / "outcomes.tsv").write_text(done.stdout, encoding="utf-8")
        found = [tuple(line.split("\t")[:3]) for line in done.stdout.splitlines()]
        self.assertEqual(found.pop(), ("ctest", "p", "50% tests passed, of 2"))
        return found

    def summary(self):
        return self.script("summary.py", self.results / "outcomes.tsv", self.results)

    def test_passed_and_failed(self):
        found = self.outcomes(PASSED, FAILED, code=8)
        self.assertEqual(found, [("passed", "p: ok", ""), ("failed", "p: bad/one", "failed")])

    def test_a_skip_that_a_test_asked_for_is_a_skip(self):
        self.assertEqual(self.outcomes(BY_CODE, BY_GTEST, DISABLED), [
            ("skipped", "p: py", "mount: cannot mount a tmpfs"),
            ("skipped", "p: A.B", "ipv6: this machine has no ::1"),
            ("skipped", "p: off", "disabled"),
        ])

    def test_a_test_that_could_not_run_has_failed(self):
        self.assertEqual(self.outcomes(NO_PROGRAM, NO_FIXTURE, NO_REASON, code=8), [
            ("failed", "p: gone", "did not run: Unable to find executable"),
            ("failed", "p: needs", "did not run: Fixture dependency failed"),
            ("failed", "p: lost", "did not run: not run"),
        ])

    def test_a_skip_for_want_of_what_is_required_is_a_failure(self):
        found = self.outcomes(BY_CODE, BY_GTEST, require="logs,ipv6")
        self.assertEqual([kind for kind, _, _ in found], ["skipped", "failed"])
        self.assertIn("ipv6 is required", found[1][2])

    def test_a_skip_says_what_is_missing(self):
        found = self.outcomes(NAMELESS, SILENT)
        self.assertEqual([kind for kind, _, _ in found], ["failed", "failed"])
        self.assertIn("needs.txt", found[0][2])

    def test_ctest_fails_without_a_failed_test(self):
        found = self.outcomes(PASSED, code=8)
        self.assertEqual([kind for kind, _, _ in found], ["passed", "failed"])
        self.assertIn("exit code 8", found[1][2])

    def test_ctest_leaves_no_report(self):
        (self.results / "p.log").write_text("", encoding="utf-8")
        done = self.script("ctest_outcomes.py", "p", self.results, "1")
        self.assertTrue(done.stdout.startswith("failed\tp: ctest\t"), done)

    def test_the_summary_shows_how_a_failed_test_ended(self):
        self.outcomes(PASSED, FAILED, BY_CODE, code=8)
        done = self.summary()
        self.assertEqual(done.returncode, 1)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[-1], "1 passed, 1 failed, 1 skipped")
        self.assertIn("last line", lines)
        self.assertIn("SKIPPED p: py: mount: cannot mount a tmpfs", lines)

    def test_the_summary_of_what_passed_is_green(self):
        self.outcomes(PASSED, BY_CODE)
        self.assertEqual(self.summary().returncode, 0)

    def test_the_summary_of_skips_alone_is_not_green(self):
        self.outcomes(BY_CODE)
        self.assertEqual(self.summary().returncode, 1)


class Needs(unittest.TestCase):
    def check(self, names):
        return subprocess.run(
            ["bash", "-c", 'source "$1/scripts/needs.sh"; check_needs "$2"', "bash", ROOT, names],
            capture_output=True, text=True, check=False,
        )

    def test_known_names_are_taken(self):
        for names in ("", "ipv6", "logs,mount,tzdata"):
            done = self.check(names)
            self.assertEqual((done.returncode, done.stderr), (0, ""), names)

    def test_an_unknown_name_is_refused_with_the_known_ones(self):
        for names in ("ipv7", "ipv6,log", "ipv6 logs", "#", "*"):
            done = self.check(names)
            self.assertNotEqual(done.returncode, 0, names)
            self.assertIn("ipv6 logs mount setuid tzdata", done.stderr)


if __name__ == "__main__":
    unittest.main()
