#!/usr/bin/env python3
"""mutation.py [--only NAME]... [--jobs N]: do the tests find the defects that tests/mutation/ lists?

Works in a copy of the tree, build/mutation, which it keeps so that a later run builds less. There it
makes one defect after the other, builds the targets that the list names, runs the tests that it
names, and demands that they fail. Exits with 1 when a defect survives, does not compile, or no longer
fits its file, and before all that when the tests fail without any defect.
"""
import argparse
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]
LISTS = "tests/mutation"
TEST_SECONDS = 300
NO_TEST = "] 0 tests from"  # what a filter that fits none makes a test program say
LONG_RANDOM_TESTS = {"DURAMEN_TEST_SEED": "1", "DURAMEN_TEST_SECONDS": "60"}  # end when one fails


@dataclasses.dataclass
class Defect:
    """One entry of a list. `tests` are pairs of a test program and a --gtest_filter."""
    name: str
    file: str
    old: str
    new: str
    why: str
    tests: list


def load(root):
    for path in sorted((root / LISTS).glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["defect"]:
            yield Defect(**entry)


def misfit(defect, root):
    """Why a defect cannot be made in this tree; None when it can."""
    path = root / defect.file
    if not path.is_file():
        return f"there is no {defect.file}"
    found = path.read_text(encoding="utf-8").count(defect.old)
    if found != 1:
        return f"its old text is {found} times in {defect.file}"
    return "its new text is its old one" if defect.old == defect.new else None


def refresh(root, copy):
    """Makes `copy` hold what `root` has under version control or could have; touches only what differs."""
    names = subprocess.run(["git", "ls-files", "-zco", "--exclude-standard"], cwd=root, check=True,
                           capture_output=True).stdout.decode().split("\0")
    wanted = {name for name in names if name and (root / name).is_file()}
    for name in wanted:
        source, target = root / name, copy / name
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    for path in copy.rglob("*"):
        inside = path.relative_to(copy)
        if inside.parts[0] != "build" and path.is_file() and str(inside) not in wanted:
            path.unlink()


def quiet(command, cwd, **options):
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False, **options)


def build(copy, targets, jobs):
    return quiet(["ninja", "-C", "build/release", "-j", str(jobs), *sorted(targets)], copy)


def outcome(copy, program, tests):
    """passed, failed, crashed, hung, or: found no test."""
    command = [str(copy / "build/release/bin" / program), f"--gtest_filter={tests}",
               "--gtest_fail_fast", "--gtest_brief=1"]
    try:
        done = quiet(command, copy, timeout=TEST_SECONDS, env={**os.environ, **LONG_RANDOM_TESTS})
    except subprocess.TimeoutExpired:
        return "hung"
    if done.returncode == 0:
        return "found no test" if NO_TEST in done.stdout else "passed"
    return "failed" if done.returncode > 0 else "crashed"


def try_out(defect, copy, jobs):
    """What came of one defect, in words; True when it was found."""
    path = copy / defect.file
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace(defect.old, defect.new), encoding="utf-8")
    try:
        built = build(copy, {program for program, _ in defect.tests}, jobs)
        if built.returncode != 0:
            errors = [line for line in built.stdout.splitlines() if "error" in line]
            return "does not compile: " + (errors[0] if errors else built.stdout[-500:]), False
        for program, tests in defect.tests:
            how = outcome(copy, program, tests)
            if how != "passed":
                return f"found: {program} {how}", True
        return "SURVIVES", False
    finally:
        path.write_text(sound, encoding="utf-8")


def prepared(defects, root, copy, jobs):
    """Builds and runs everything without a defect. Empty, or what is wrong."""
    refresh(root, copy)
    configured = quiet(["cmake", "--preset", "release", "-DDURAMEN_TESTS=ON"], copy)
    if configured.returncode != 0:
        return configured.stdout
    runs = {tuple(test) for defect in defects for test in defect.tests}
    built = build(copy, {program for program, _ in runs}, jobs)
    if built.returncode != 0:
        return built.stdout[-4000:]
    bad = [run for run in sorted(runs) if outcome(copy, *run) != "passed"]
    return f"without any defect these fail: {bad}" if bad else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", action="append", metavar="NAME", help="only this defect")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    defects = [d for d in load(ROOT) if options.only is None or d.name in options.only]
    if not defects:
        sys.exit("no such defect")
    copy = ROOT / "build/mutation"
    copy.mkdir(parents=True, exist_ok=True)
    if wrong := prepared(defects, ROOT, copy, options.jobs):
        sys.exit(wrong)
    survivors = 0
    for defect in defects:
        began = time.monotonic()
        result, found = misfit(defect, copy), False
        if result is None:
            result, found = try_out(defect, copy, options.jobs)
        survivors += not found
        print(f"{defect.name:40} {time.monotonic() - began:5.0f} s  {result}", flush=True)
    print(f"{len(defects) - survivors} of {len(defects)} defects were found")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
