#!/usr/bin/env python3
"""`./run demo --once` with the binaries under test: it feeds logs, prints answers, leaves nothing."""
import os
import pathlib
import re
import signal
import subprocess

import daemon

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDS = 5000


def variables(directory):
    environment = dict(
        os.environ, TMPDIR=str(directory), DURAMEN_DEMO_RECORDS=str(RECORDS), NO_COLOR="1",
        DURAMEN_BIN_DIR=str(daemon.BIN),
    )
    environment.pop("DURAMEN_URL", None)
    return environment


def run_demo(directory, *arguments):
    return subprocess.run(
        [ROOT / "run", "demo", "--once", *arguments], env=variables(directory), cwd=directory,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=240, check=False,
    )


def run_until_interrupted(directory):
    """Without --once it stays until Ctrl-C, which a terminal sends to the whole process group."""
    with subprocess.Popen(
        [ROOT / "run", "demo", "--http-listen", "127.0.0.1:0"], env=variables(directory),
        cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as demo:
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if "Ctrl-C stops it" in line:
                os.killpg(demo.pid, signal.SIGINT)
        code = demo.wait(timeout=60)
    return code, "".join(lines)


def answers(output):
    """What stands below each `$ duramen …` line."""
    parts = re.split(r"^\$ (duramen .*)$", output, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def test(directory):
    work = directory / "a place with spaces"
    work.mkdir()
    done = run_demo(work, "--http-listen", "127.0.0.1:0")
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}"
    found = answers(done.stdout)
    assert len(found) >= 4, done.stdout
    for command, text in found.items():
        assert text.strip(), f"no answer to {command}\n{done.stdout}"
    counts = next(text for command, text in found.items() if "by source" in command)
    numbers = [int(n.replace(",", "")) for n in re.findall(r"\b\d[\d,]*\b", counts)]
    assert sum(numbers) >= RECORDS, f"the counts do not add up to {RECORDS}: {counts}"
    assert list(work.iterdir()) == [], "the demo left something behind"

    code, output = run_until_interrupted(work)
    assert code == 130 and "msg=stopped" in output and "second signal" not in output, f"exit code {code}\n{output}"
    assert list(work.iterdir()) == [], "the interrupted demo left something behind"

    failed = run_demo(work, "--http-listen", "not an address")
    assert failed.returncode != 0 and "did not start" in failed.stdout, failed.stdout
    assert list(work.iterdir()) == [], "the failed demo left something behind"


if __name__ == "__main__":
    daemon.main(test)
