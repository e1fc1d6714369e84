#!/usr/bin/env python3
"""duramend needs no root: started by root as another user, with a data directory of that user, it
takes records, answers queries and stops. Without root every other test shows the same."""
import os
import pathlib
import shutil
import subprocess

import daemon

USER = 65534


def choose_user(directory):
    """The user to start as, who can reach `directory` and a copy of duramend in it."""
    if os.geteuid() != 0:
        return None
    directory.chmod(0o755)
    binaries = directory / "bin"
    binaries.mkdir(mode=0o755)
    # The build directory may be in a place that only root may enter.
    shutil.copy(daemon.BIN / "duramend", binaries)
    daemon.BIN = binaries
    try:
        subprocess.run(
            [binaries / "duramend", "--version"], check=True, capture_output=True,
            **daemon.as_user(USER),
        )
    except OSError as error:
        daemon.skip("setuid", f"cannot start {binaries / 'duramend'} as user {USER}: {error}")
    return USER


def owners(place):
    return {path.lstat().st_uid for path in [place, *place.rglob("*")]}


def real_user(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return [int(word) for line in status.splitlines() if line.startswith("Uid:")
            for word in line.split()[1:]]


def test(directory):
    user = choose_user(directory)
    home = directory / "home"
    home.mkdir()
    if user is not None:
        os.chown(home, user, user)
    expected = os.geteuid() if user is None else user
    assert expected != 0
    with daemon.Daemon(home, user=user) as server:
        assert set(real_user(server.process)) == {expected}
        answer = server.ingest([{"log": "stored by nobody in particular"}])
        assert answer.status == 200, answer
        assert server.request("POST", "/api/v1/admin/seal").status == 200
        code, _ = server.terminate()
        assert code == 0, server.log_tail()
        server.start()
        rows, _ = server.query("particular")
        assert [row["_msg"] for row in rows] == ["stored by nobody in particular"], rows
        assert owners(server.data) == {expected}, "files of somebody else in the data directory"
        code, _ = server.terminate()
        assert code == 0, server.log_tail()


if __name__ == "__main__":
    daemon.main(test)
