#!/usr/bin/env python3
"""Reads every #include: folders know only what the table allows, and third-party types stay where
they belong. The table is that of docs/architecture.md."""
import os
import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Folder -> folders that it may include. A folder that is not here is an error.
ARROWS = {
    "base": set(),
    "model": {"base"},
    "store": {"base", "model"},
    "index": {"base", "model"},
    "query": {"base", "model", "store", "index"},
    "ingest": {"base", "model", "store"},
    "backup": {"base", "model", "store"},
    "api": {"base", "model", "store", "index", "query", "ingest", "backup"},
    "tools": {"base", "model", "store", "index", "query", "ingest", "backup", "api"},
}
# Within query/, the same for its folders (query/README.md); its files know them all.
QUERY = ["language", "rows", "filter", "pipes", "scan", "tail", "deletion"]
QUERY_FILES_FOR_ALL = {"query/request.h", "query/progress.h"}
# Where everything may be included, and which nothing else includes.
TOP = {"tests", "benchmarks"}

# Prefix of a third-party header -> folders whose .cc files may include it (TOP always may).
THIRD_PARTY = {
    "rocksdb/": {"store"},
    "zstd": {"base", "store"},
    "zlib.h": {"base"},
    "xxhash.h": {"base"},
    "spdlog/": {"base"},
    "toml++/": {"base", "tools"},
    "re2/": {"query"},
    "xapian": {"index"},
    "tbb/": {"base"},
    "oneapi/": {"store", "query"},
    "simdjson": {"ingest", "query", "tools"},
    "archive": {"backup"},
    "nlohmann/": {"base", "backup", "ingest", "query", "api", "tools"},
    "boost/crc.hpp": {"store"},
    "boost/": {"api", "tools"},
    "cpprest/": {"tools"},
    "pplx/": {"tools"},
    "CLI/": {"tools"},
    "benchmark/": {"tools"},
    "gtest/": set(),
    "gmock/": set(),
}
# What belongs to the compiler and the C library: headers of C++ have neither folder nor ending.
SYSTEM = re.compile(
    r"[a-z_]+$|(arpa|net|netinet|sys)/\w+\.h$"
    r"|(dirent|emmintrin|fcntl|malloc|netdb|poll|pty|spawn|stdlib|termios|unistd)\.h$"
)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(path):
    """(line number, quoted, name) of every #include of a file."""
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            found = INCLUDE.match(line)
            if found:
                yield number, found.group(1) == '"', found.group(2)


def own_files(root):
    for folder in sorted(os.listdir(root)):
        if folder in ARROWS or folder in TOP:
            for path in sorted((root / folder).rglob("*")):
                if path.suffix in (".h", ".cc"):
                    yield folder, path


def upward_in_query(inside, name):
    """Whether a file of a folder of query/ includes one of a later folder, or of query/ itself."""
    at, to = pathlib.PurePath(inside).parts, pathlib.PurePath(name).parts
    if at[0] != "query" or to[0] != "query" or len(at) < 3 or name in QUERY_FILES_FOR_ALL:
        return False
    return len(to) < 3 or QUERY.index(to[1]) > QUERY.index(at[1])


def third_party(name):
    return next((prefix for prefix in THIRD_PARTY if name.startswith(prefix)), None)


def exposed_headers(root):
    """Headers that another folder sees, straight or through other headers. Tests do not count:
    a test may look into what it tests."""
    edges, reached = {}, set()
    for folder, path in own_files(root):
        inside = str(path.relative_to(root))
        edges[inside] = [name for _, quoted, name in includes(path) if quoted]
        if folder not in TOP:
            reached.update(n for n in edges[inside] if n.split("/")[0] != folder)
    waiting = list(reached)
    while waiting:
        for name in edges.get(waiting.pop(), []):
            if name not in reached:
                reached.add(name)
                waiting.append(name)
    return reached


def faults(root):
    exposed = exposed_headers(root)
    for folder, path in own_files(root):
        inside = str(path.relative_to(root))
        for number, quoted, name in includes(path):
            place = f"{inside}:{number}"
            library = third_party(name)
            if library is not None and folder not in TOP:
                if folder not in THIRD_PARTY[library]:
                    yield f"{place}: <{name}> may not be used in {folder}/"
                if inside in exposed:
                    yield f"{place}: <{name}> in a header that another folder includes"
            if library is None and not quoted and not SYSTEM.match(name):
                yield f"{place}: <{name}> is of no library that the table has"
            if not quoted or library is not None:
                continue
            target = name.split("/")[0]
            if not (root / name).is_file():
                yield f'{place}: "{name}" is not a path from the project root'
            elif folder not in TOP and target != folder and target not in ARROWS[folder]:
                yield f"{place}: {folder}/ may not include {target}/"
            elif upward_in_query(inside, name):
                yield f"{place}: {os.path.dirname(inside)}/ may not include {name}"


class Rules(unittest.TestCase):
    """The checker finds what it is there for."""

    def check(self, files):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            return list(faults(root))

    def test_an_allowed_arrow_passes(self):
        self.assertEqual(self.check({"base/a.h": "", "model/b.h": '#include "base/a.h"\n'}), [])

    def test_an_upward_arrow_is_named(self):
        found = self.check({"base/a.h": '#include "model/b.h"\n', "model/b.h": ""})
        self.assertEqual(found, ["base/a.h:1: base/ may not include model/"])

    def test_an_upward_arrow_within_query_is_named(self):
        found = self.check({
            "query/request.h": "",
            "query/engine.h": '#include "query/scan/b.h"\n',
            "query/rows/a.h": '#include "query/request.h"\n#include "query/scan/b.h"\n',
            "query/scan/b.h": '#include "query/rows/a.h"\n#include "query/engine.h"\n',
        })
        self.assertEqual(found, [
            "query/rows/a.h:2: query/rows/ may not include query/scan/b.h",
            "query/scan/b.h:2: query/scan/ may not include query/engine.h",
        ])

    def test_a_path_that_is_not_from_the_root_is_named(self):
        found = self.check({"base/a.h": "", "base/a.cc": '\n#include "a.h"\n'})
        self.assertEqual(found, ['base/a.cc:2: "a.h" is not a path from the project root'])

    def test_a_library_outside_its_folder_is_named(self):
        found = self.check({"ingest/a.cc": "#include <rocksdb/db.h>\n"})
        self.assertEqual(found, ["ingest/a.cc:1: <rocksdb/db.h> may not be used in ingest/"])

    def test_a_library_that_is_not_in_the_table_is_named(self):
        for folder in ("base", "tests"):
            found = self.check({f"{folder}/a.cc": "#include <fmt/format.h>\n#include <lz4.h>\n"})
            self.assertEqual(found, [
                f"{folder}/a.cc:1: <fmt/format.h> is of no library that the table has",
                f"{folder}/a.cc:2: <lz4.h> is of no library that the table has",
            ])

    def test_the_standard_and_the_system_are_no_libraries(self):
        text = "".join(f"#include <{n}>\n" for n in ("string_view", "sys/stat.h", "unistd.h"))
        self.assertEqual(self.check({"base/a.cc": text}), [])

    def test_a_library_in_a_private_header_passes(self):
        files = {"store/a.h": "#include <rocksdb/db.h>\n", "store/a.cc": '#include "store/a.h"\n'}
        self.assertEqual(self.check(files), [])

    def test_a_library_that_another_folder_sees_through_a_header_is_named(self):
        files = {
            "store/a.h": "#include <rocksdb/db.h>\n",
            "store/b.h": '#include "store/a.h"\n',
            "query/c.cc": '#include "store/b.h"\n',
        }
        found = self.check(files)
        self.assertEqual(
            found, ["store/a.h:1: <rocksdb/db.h> in a header that another folder includes"]
        )

    def test_tests_may_include_everything(self):
        files = {"tests/x/t.cc": '#include <rocksdb/db.h>\n#include "base/a.h"\n', "base/a.h": ""}
        self.assertEqual(self.check(files), [])


class Tree(unittest.TestCase):
    def test_every_include_follows_the_arrows(self):
        self.assertGreater(len(list(own_files(ROOT))), 20)
        self.assertEqual(list(faults(ROOT)), [])

    def test_every_folder_with_sources_is_in_the_table(self):
        known = set(ARROWS) | TOP
        for path in ROOT.glob("*/**/*.cc"):
            folder = path.relative_to(ROOT).parts[0]
            if folder != "build" and not folder.startswith("."):
                self.assertIn(folder, known, f"{path}: give {folder}/ its arrows")


if __name__ == "__main__":
    unittest.main()
