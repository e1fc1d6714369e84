#!/usr/bin/env python3
"""The defects of tests/mutation/ still fit their files, and the tests that must find them exist."""
import fnmatch
import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import mutation  # noqa: E402

PROGRAM = re.compile(r"duramen_test\(NAME (\w+)")
TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", re.MULTILINE)


def all_of(pattern, glob):
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob(glob))
    return [match for text in texts for match in pattern.findall(text)]


class Lists(unittest.TestCase):
    def test_a_text_that_is_not_there_once_is_found(self):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            (root / "a.cc").write_text("x y y", encoding="utf-8")

            def misfit(file, old, new="z"):
                return mutation.misfit(mutation.Defect("n", file, old, new, "w", []), root)

            self.assertIsNone(misfit("a.cc", "x"))
            self.assertIn("2 times", misfit("a.cc", "y"))
            self.assertIn("0 times", misfit("a.cc", "z"))
            self.assertIn("no b.cc", misfit("b.cc", "x"))
            self.assertIn("is its old one", misfit("a.cc", "x", "x"))

    def test_every_defect_can_be_made(self):
        for defect in mutation.load(ROOT):
            with self.subTest(defect.name):
                self.assertIsNone(mutation.misfit(defect, ROOT))

    def test_every_defect_has_a_name_of_its_own_and_a_reason(self):
        names = [defect.name for defect in mutation.load(ROOT)]
        self.assertGreaterEqual(len(names), 20)
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual([d.name for d in mutation.load(ROOT) if not d.why or not d.tests], [])

    def test_every_test_that_must_find_one_exists(self):
        programs = set(all_of(PROGRAM, "**/CMakeLists.txt"))
        tests = [".".join(match) for match in all_of(TEST, "**/*.cc")]
        for defect in mutation.load(ROOT):
            for program, wanted in defect.tests:
                with self.subTest(defect.name):
                    self.assertIn(program, programs)
                    for pattern in wanted.split(":"):
                        self.assertTrue(fnmatch.filter(tests, pattern), pattern)


if __name__ == "__main__":
    unittest.main()
