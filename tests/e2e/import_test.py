#!/usr/bin/env python3
"""import_test.py [awkward|real]: files go in by `duramen import`, the daemon is killed, and every
line is found again byte for byte, in order, and counted right per file.

`awkward` makes files of bytes that tools like to stumble over. `real` takes the files in
$DURAMEN_TEST_LOGS (a directory of text logs); their times are of many years and formats.
"""
import base64
import os
import pathlib
import random
import subprocess
import sys

import daemon

SEED = int(os.environ.get("DURAMEN_TEST_SEED") or 20261121)


def awkward_files(directory):
    randomness = random.Random(SEED)
    files = {
        "only digits.log": b"".join(b"%d\n" % n for n in range(3000)),
        "no digits.log": b"alpha beta\ngamma\n" * 1000,
        "no end.log": b"first\nlast line without an end",
        "crlf.log": b"one\r\ntwo\r\n\r\nthree\r\n",
        "lone cr.log": b"progress 1%\rprogress 2%\rdone\nnext\r\r\n",
        "nul.log": b"a\0b\n\0\n\0\0\0\nend\n",
        "latin1.log": "Grüße aus Zürich\n".encode("latin-1") * 50,
        "separators.log": "next\u0085line\u2028and\u2029more\x0b\x0c\x1c\n".encode() * 20,
        "escapes.log": b"\x1b[31mred\x1b[0m \\ \" \\n \\u0000 \x7f\n" * 20,
        "bom.log": b"\xef\xbb\xbfwith a mark\n\xff\xfe\x00\n",
        "looks like json.log": b'{"log":"x"}\n{"log":\n[1,2]\n"\nnull\n{}\n',
        "spaces.log": b" \n  \n\t\n trailing \n\ttab\t\n",
        "empty lines.log": b"\n\nx\n\n\ny\n\n",
        "long.log": b"x" * 300_000 + b"\n" + b"y " * 150_000 + b"\nshort\n",
        "many templates.log": b"".join(
            b"%s %s\n" % (_word(randomness), _word(randomness)) for _ in range(20_000)),
        "random.log": bytes(randomness.randrange(256) for _ in range(200_000)),
        "\u65e5\u672c\u8a9e \u00fc.log": b"a name outside ASCII\n" * 3,
    }
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return [directory / name for name in files]


def _word(randomness):
    return bytes(randomness.choice(b"abcdefghijklmnopqrstuvwxyz") for _ in range(8))


def real_files():
    place = os.environ.get("DURAMEN_TEST_LOGS")
    if not place:
        daemon.skip("logs", "DURAMEN_TEST_LOGS names no directory of real logs")
    files = sorted(p for p in pathlib.Path(place).iterdir() if p.is_file())
    assert files, f"DURAMEN_TEST_LOGS={place} is empty"
    return files


def lines_of(path):
    """What the lines of a file are: the bytes between line feeds; a last line needs none."""
    lines = path.read_bytes().split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return lines


def message(row):
    if "_msg_base64" in row:
        return base64.b64decode(row["_msg_base64"], validate=True)
    return row["_msg"].encode()


def import_files(server, files):
    done = subprocess.run(
        [daemon.BIN / "duramen", "--server", server.url, "import", "--format", "text",
         "--keep-old", "--year", "2025", "--tz", "UTC", *files],
        capture_output=True, text=True, timeout=240, check=False,
    )
    assert done.returncode == 0, done


def seq_of(row):
    return int(row["_seq"].split(":")[1])


def first_difference(wanted, found):
    for index, (a, b) in enumerate(zip(wanted, found)):
        if a != b:
            return f"line {index + 1} is {b[:200]!r}, should be {a[:200]!r}"
    return f"{len(found)} lines, should be {len(wanted)}"


def check(server, files):
    rows, _ = server.query("*")
    rows.sort(key=seq_of)
    found = {}
    for row in rows:
        found.setdefault(pathlib.Path(row["file"]).name, []).append(message(row))
    counts = {
        pathlib.Path(row["file"]).name: int(row["n"])
        for row in server.query("* | stats count() as n by file")[0]
    }
    for path in files:
        wanted = lines_of(path)
        got = found.pop(path.name, [])
        assert got == wanted, f"{path.name}: {first_difference(wanted, got)}"
        assert counts.pop(path.name) == len(wanted), path.name
    assert not found and not counts, f"rows of other files: {list(found)}"
    return len(rows)


def run(directory, files):
    print(f"DURAMEN_TEST_SEED={SEED}, {len(files)} files", flush=True)
    with daemon.Daemon(directory) as server:
        import_files(server, files)
        server.kill()
        server.start()
        count = check(server, files)
        # Logs of many years make many segments, each flushed by itself.
        assert server.request("POST", "/api/v1/admin/seal", timeout=240).status == 200
        assert check(server, files) == count, "blocks and journal disagree"
        import_files(server, files)
        assert check(server, files) == count, "an import that was repeated stored lines twice"
        server.kill()
        server.start()
        assert check(server, files) == count
    print(f"{count} lines of {len(files)} files")


def test(directory):
    if sys.argv[1] == "real":
        run(directory, real_files())
        return
    logs = directory / "logs"
    logs.mkdir()
    run(directory, awkward_files(logs))


if __name__ == "__main__":
    daemon.main(test)
