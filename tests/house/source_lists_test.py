#!/usr/bin/env python3
"""Every source is listed in its folder's CMakeLists.txt (what is not built is dead), and so is every
header that another folder includes (listed headers are compiled alone). Every folder says what it
is for."""
import pathlib
import re
import tempfile
import unittest

import include_arrows_test as arrows

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["base", "model", "store", "index", "query", "ingest", "backup", "api", "tools"]


def unlisted(root, folders):
    for folder in folders:
        listed = (root / folder / "CMakeLists.txt").read_text(encoding="utf-8")
        words = set(re.findall(r"[\w./-]+", re.sub(r"#.*", "", listed)))
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root / folder)
            nested = any((p / "CMakeLists.txt").exists() for p in path.parents if p != root / folder
                         and root / folder in p.parents)
            if path.suffix in (".h", ".cc") and not nested and str(inside) not in words:
                yield f"{folder}/{inside}"


class Lists(unittest.TestCase):
    def test_a_file_that_is_not_listed_is_found(self):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            (root / "base").mkdir()
            (root / "base/CMakeLists.txt").write_text("x(SOURCES a.cc) # b.cc\n", encoding="utf-8")
            for name in ("a.cc", "b.cc"):
                (root / "base" / name).write_text("", encoding="utf-8")
            self.assertEqual(list(unlisted(root, ["base"])), ["base/b.cc"])

    def test_every_source_and_every_header_that_others_include_is_listed(self):
        exposed = arrows.exposed_headers(ROOT)
        missing = [n for n in unlisted(ROOT, FOLDERS) if n.endswith(".cc") or n in exposed]
        self.assertEqual(missing, [])

    def test_every_test_source_is_listed(self):
        folders = [str(p.parent.relative_to(ROOT)) for p in ROOT.glob("tests/*/CMakeLists.txt")]
        self.assertGreater(len(folders), 5)
        sources = [n for n in unlisted(ROOT, folders) if n.endswith(".cc")]
        self.assertEqual(sources, [])

    def test_every_folder_says_what_it_is_for(self):
        for folder in FOLDERS:
            text = (ROOT / folder / "README.md").read_text(encoding="utf-8").lower()
            for subject in ("not for", "threads", "files on disk"):
                self.assertIn(subject, text, f"{folder}/README.md")


if __name__ == "__main__":
    unittest.main()
