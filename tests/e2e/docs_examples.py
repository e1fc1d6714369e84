#!/usr/bin/env python3
"""docs_examples.py FILE.md: runs the ```sh blocks of a document, in order, against a fresh daemon.

An ```output block directly after one is what it must print (both streams), line by line; `…` stands
for any text within a line, and a line that is only `…` for any number of lines. A block must
succeed unless its output block follows and its last line is `exit code N`.
"""
import os
import pathlib
import re
import subprocess
import sys

import daemon

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEFAULT_URL = "http://127.0.0.1:5647"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK_SECONDS = 120


def blocks(text):
    """(line number, commands, expected output or None) of every sh block."""
    found = list(BLOCK.finditer(text))
    for index, block in enumerate(found):
        if block.group(1) != "sh":
            continue
        expected = None
        if index + 1 < len(found) and found[index + 1].group(1) == "output":
            if not text[block.end() : found[index + 1].start()].strip():
                expected = found[index + 1].group(2)
        yield text.count("\n", 0, block.start()) + 1, block.group(2), expected


def matches(expected, actual):
    """Whether the lines agree, `…` being a wildcard."""
    pattern = ""
    for line in expected:
        if line.strip() == "…":
            pattern += "(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.rstrip().split("…")) + "[ \t]*\n"
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in actual)) is not None


def run(commands, url, directory):
    environment = dict(os.environ, DURAMEN_URL=url, NO_COLOR="1", TZ="UTC")
    environment["PATH"] = f"{daemon.BIN}:{environment['PATH']}"
    script = "set -e\n" + commands.replace(DEFAULT_URL, url)
    done = subprocess.run(
        ["bash", "-c", script], env=environment, cwd=directory, timeout=BLOCK_SECONDS,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )
    return done.returncode, done.stdout.decode(errors="replace").replace(url, DEFAULT_URL)


def check_block(document, number, commands, expected, url, directory):
    code, output = run(commands, url, directory)
    wanted_code, lines = 0, None
    if expected is not None:
        lines = expected.splitlines()
        stated = re.fullmatch(r"exit code (\d+)", lines[-1]) if lines else None
        if stated:
            wanted_code = int(stated.group(1))
            lines.pop()
    place = f"{document}:{number}"
    assert code == wanted_code, f"{place}: exit code {code}\n{commands}--- printed\n{output}"
    if lines is not None and not matches(lines, output.splitlines()):
        raise AssertionError(f"{place}:\n{commands}--- should print\n{expected}--- printed\n{output}")


def self_check():
    assert matches(["a…c", "…", "z"], ["a b c", "1", "2", "z"])
    assert matches(["…"], []) and matches(["a"], ["a  "])
    assert not matches(["a…c"], ["a b"]) and not matches(["a"], ["a", "b"])
    text = "```sh\nx\n```\n\n```output\ny\n```\n```console\nz\n```\n```sh\nw\n```\n"
    assert list(blocks(text)) == [(1, "x\n", "y\n"), (11, "w\n", None)], list(blocks(text))


def main():
    self_check()
    document = sys.argv[1]
    found = list(blocks((ROOT / document).read_text(encoding="utf-8")))
    assert found, f"{document} has no sh block"

    def test(directory):
        work = directory / "work"
        work.mkdir()
        with daemon.Daemon(directory) as server:
            for number, commands, expected in found:
                check_block(document, number, commands, expected, server.url, work)
            assert server.alive()
        print(f"{document}: {len(found)} blocks did as they say")

    daemon.main(test)


if __name__ == "__main__":
    main()
