#!/usr/bin/env python3
"""clang-tidy checks a source again when any .clang-tidy that holds for it has changed."""
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


if __name__ == "__main__":
    unittest.main()
