#!/usr/bin/env python3
"""tidy.py --build DIR [--jobs N] [FILE...]: clang-tidy over the project's own sources.

A source whose preprocessed text, own files (comments included, because of NOLINT), flags and
.clang-tidy files are as they were when it last passed, in this checkout or another, is not checked
again. The passes are empty files in $XDG_CACHE_HOME/duramen/tidy-passed, named by a hash of all
that; those that nobody has asked for in thirty days are removed.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
TIDY = "clang-tidy-14"
# The analyzer takes two thirds of the time by default. A smaller budget for each function finds
# nearly as much in 40 % of it; in tests its shallow mode is enough.
PRODUCTION = ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=50000")
TESTS = ("-Xclang", "-analyzer-config", "-Xclang", "mode=shallow")
KEEP_SECONDS = 30 * 24 * 3600
LINE_MARKER = re.compile(rb'^# \d+ "([^"<]+)"', re.MULTILINE)


def own_entries(build):
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as database:
        for entry in json.load(database):
            path = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
            inside = os.path.relpath(path, ROOT)
            if not inside.startswith(("..", "build" + os.sep)) and path.endswith(".cc"):
                yield path, entry


def preprocessed(entry):
    command = shlex.split(entry["command"])
    if os.path.basename(command[0]) == "ccache":
        command = command[1:]
    output = command.index("-o")
    del command[output : output + 2]
    command.remove("-c")
    return subprocess.run(
        command + ["-E"], cwd=entry["directory"], capture_output=True, check=True
    ).stdout


def tidy_settings(path, root=ROOT):
    """What the .clang-tidy files in the folders of a source say, the outermost first."""
    folder, found = os.path.dirname(path), []
    while True:
        config = os.path.join(folder, ".clang-tidy")
        if os.path.exists(config):
            with open(config, "rb") as text:
                found.append(text.read())
        if folder == root or folder == os.path.dirname(folder):
            return b"\0".join(reversed(found))
        folder = os.path.dirname(folder)


def fingerprint(text, entry, settings, root=ROOT):
    """A hash of everything that a check depends on; `text` is the preprocessed source. Paths count
    from the root of the checkout."""
    inside = root.encode() + b"/"
    digest = hashlib.sha256(settings)
    digest.update(entry["command"].encode().replace(inside, b"/"))
    digest.update(text.replace(inside, b"/"))
    for name in sorted(set(LINE_MARKER.findall(text))):
        path = os.path.realpath(os.path.join(entry["directory"].encode(), name))
        if path.startswith(inside):
            with open(path, "rb") as own:
                digest.update(own.read())
    return digest.hexdigest()


def cache_directory():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(home, "duramen", "tidy-passed")


def forget_old(passed, now):
    for mark in os.scandir(passed):
        if now - mark.stat().st_mtime > KEEP_SECONDS:
            os.unlink(mark.path)


def check(path, entry, build, passed, version):
    """Gives (path, "cached" | "passed" | "failed", messages, seconds)."""
    started = time.monotonic()
    budget = TESTS if path.startswith(os.path.join(ROOT, "tests", "")) else PRODUCTION
    settings = tidy_settings(path) + version + repr(budget).encode()
    try:
        mark = os.path.join(passed, fingerprint(preprocessed(entry), entry, settings))
    except subprocess.CalledProcessError as error:
        return path, "failed", error.stderr.decode(errors="replace"), time.monotonic() - started
    if os.path.exists(mark):
        os.utime(mark)
        return path, "cached", "", time.monotonic() - started
    command = [TIDY, "--quiet", "-p", build, *(f"--extra-arg={a}" for a in budget), path]
    run = subprocess.run(command, capture_output=True, text=True, errors="replace")
    seconds = time.monotonic() - started
    if run.returncode != 0:
        return path, "failed", run.stdout + run.stderr, seconds
    with open(mark, "w", encoding="utf-8"):
        pass
    return path, "passed", "", seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    build = os.path.realpath(arguments.build)
    passed = cache_directory()
    os.makedirs(passed, exist_ok=True)
    forget_old(passed, time.time())
    version = subprocess.run([TIDY, "--version"], capture_output=True).stdout
    wanted = {os.path.realpath(name) for name in arguments.files}
    entries = {p: e for p, e in own_entries(build) if not wanted or p in wanted}
    counts = {"cached": 0, "passed": 0, "failed": 0}
    slowest = (0.0, "")
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        runs = [pool.submit(check, p, e, build, passed, version) for p, e in entries.items()]
        for run in concurrent.futures.as_completed(runs):
            path, kind, messages, seconds = run.result()
            counts[kind] += 1
            name = os.path.relpath(path, ROOT)
            slowest = max(slowest, (seconds, name))
            if kind == "failed":
                print(f"clang-tidy: {name}\n{messages}", flush=True)
    print(
        f"clang-tidy: {counts['passed']} checked, {counts['cached']} unchanged since they passed, "
        f"{counts['failed']} failed; slowest {slowest[1]} {slowest[0]:.0f} s"
    )
    return 1 if counts["failed"] or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
