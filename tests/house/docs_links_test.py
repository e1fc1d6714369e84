#!/usr/bin/env python3
"""Links between the project's documents lead somewhere, and release notes are well formed."""
import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img[^>]*\ssrc=\"([^\"]+)\"")
KINDS = {"added", "changed", "fixed", "removed"}


def documents(root):
    for path in sorted(root.rglob("*.md")):
        parts = path.relative_to(root).parts
        if parts[0] != "build" and not parts[0].startswith("."):
            yield path


def prose(text):
    """The text without code, whose brackets are no links."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchors(text):
    """The anchors that the usual renderers give to headings."""
    for heading in re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken_links(root):
    for path in documents(root):
        text = path.read_text(encoding="utf-8")
        for found in LINK.finditer(prose(text)):
            link = found.group(1) or found.group(2)
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            place = f"{path.relative_to(root)}: {link}"
            if not target.exists():
                yield place
            elif anchor and anchor not in set(anchors(target.read_text(encoding="utf-8"))):
                yield f"{place}: no such heading"


class Links(unittest.TestCase):
    def test_broken_links_and_anchors_are_found(self):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            (root / "a.md").write_text(
                "# One thing\n[x](b.md) [y](#one-thing) [z](#two) `[n](c.md)`\n", encoding="utf-8"
            )
            self.assertEqual(
                list(broken_links(root)), ["a.md: b.md", "a.md: #two: no such heading"]
            )

    def test_every_link_of_the_project_leads_somewhere(self):
        self.assertEqual(list(broken_links(ROOT)), [])


class ReleaseNotes(unittest.TestCase):
    def test_there_is_one_file_a_change_in_a_known_kind(self):
        notes = [p for p in (ROOT / "docs/unreleased").rglob("*") if p.is_file()]
        self.assertGreater(len(notes), 1)
        for note in notes:
            if note.name == "README.md":
                continue
            place = str(note.relative_to(ROOT))
            self.assertIn(note.parent.name, KINDS, place)
            self.assertEqual(note.suffix, ".md", place)
            text = note.read_text(encoding="utf-8").strip()
            self.assertTrue(text, f"{place} is empty")
            self.assertFalse(text.startswith("#"), f"{place}: text, no headings")


if __name__ == "__main__":
    unittest.main()
