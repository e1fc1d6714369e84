#!/usr/bin/env python3
"""clang-tidy checks a source again when anything that its check depends on has changed."""
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import tidy  # noqa: E402


class Settings(unittest.TestCase):
    def test_every_file_on_the_way_up_counts(self):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            (root / "tests/a").mkdir(parents=True)
            (root / "base").mkdir()
            (root / ".clang-tidy").write_text("root", encoding="utf-8")
            (root / "tests/.clang-tidy").write_text("tests", encoding="utf-8")

            def settings(path):
                return tidy.tidy_settings(str(root / path), directory)

            self.assertEqual(settings("base/x.cc"), b"root")
            self.assertEqual(settings("tests/a/x.cc"), b"root\0tests")
            (root / "tests/.clang-tidy").write_text("other", encoding="utf-8")
            self.assertEqual(settings("tests/a/x.cc"), b"root\0other")


class Fingerprint(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.roots = [os.path.realpath(os.path.join(directory.name, n)) for n in ("one", "two")]
        for root in self.roots:
            os.makedirs(root)
            self.write(root, "int x;  // NOLINT\n")

    def write(self, root, text):
        pathlib.Path(root, "a.h").write_text(text, encoding="utf-8")

    def of(self, root, command="clang++ -c {root}/a.cc", settings=b""):
        text = f'# 1 "{root}/a.h"\nint x;\n'.encode()
        entry = {"command": command.format(root=root), "directory": root}
        return tidy.fingerprint(text, entry, settings, root)

    def test_another_checkout_has_the_same(self):
        self.assertEqual(self.of(self.roots[0]), self.of(self.roots[1]))

    def test_a_comment_in_a_header_changes_it(self):
        self.write(self.roots[1], "int x;\n")
        self.assertNotEqual(self.of(self.roots[0]), self.of(self.roots[1]))

    def test_flags_and_settings_change_it(self):
        root = self.roots[0]
        self.assertNotEqual(self.of(root), self.of(root, "clang++ -O1 -c {root}/a.cc"))
        self.assertNotEqual(self.of(root), self.of(root, settings=b"Checks: '*'"))


class Marks(unittest.TestCase):
    def test_what_nobody_asks_for_is_forgotten(self):
        with tempfile.TemporaryDirectory() as passed:
            for name, age in (("old", tidy.KEEP_SECONDS + 2), ("new", tidy.KEEP_SECONDS - 2)):
                path = pathlib.Path(passed, name)
                path.touch()
                os.utime(path, (0, 1e9 - age))
            tidy.forget_old(passed, 1e9)
            self.assertEqual(os.listdir(passed), ["new"])


if __name__ == "__main__":
    unittest.main()
