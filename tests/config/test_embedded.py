"""The embedded servers, with real processes: started once, shared, and stopped by the last user."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config import embedded_postgres, embedded_redis

_REPO = Path(__file__).resolve().parents[2]
_NOBODY = pwd.getpwnam("nobody")

# Starts both servers, says so, and waits to be told to go.
_USER = """
from config import embedded
print(embedded.postgres_url(), embedded.redis_url(), flush=True)
input()
"""


class User:
    """A process that uses the embedded servers of a folder."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _USER], cwd=_REPO, env={**os.environ, "AFTERWARD_HOME": str(home)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

        _running.append(self)

    def started(self) -> tuple[str, Path]:
        """Wait until it has both. Returns the database's URL and Redis' socket."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        database, redis = line.split()
        return database, Path(redis.removeprefix("unix://").removesuffix("?db=0"))

    def leave(self) -> None:
        self.process.communicate("\n", timeout=60)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


_running: list[User] = []


@pytest.fixture
def folder() -> Iterator[Path]:
    """A new home whose path is short enough for sockets; whatever is left running in it is stopped."""
    path = Path(tempfile.mkdtemp(prefix="aw-embedded-"))
    yield path
    while _running:
        _running.pop().kill()
    for process in _servers(path):
        process.kill()
    shutil.rmtree(path, ignore_errors=True)


def _servers(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        if str(home) in words and ("/postgres -D" in words or "redis-server" in words):
            found.append(process)
    return found


def _wait_until_gone(home: Path) -> None:
    deadline = time.monotonic() + 20
    while _servers(home):
        assert time.monotonic() < deadline, f"still running: {_servers(home)}"
        time.sleep(0.05)


def _answers(database: str, redis: Path) -> bool:
    psycopg.connect(database).close()
    return embedded_redis.answers(redis)


def test_the_first_user_starts_both_servers_and_the_last_one_stops_them(folder: Path) -> None:
    first, second = User(folder), User(folder)  # Side by side: only one of them may start each server.
    started = first.started()
    assert second.started() == started
    assert len(_servers(folder)) == 2

    first.leave()
    assert _answers(*started)

    second.leave()
    _wait_until_gone(folder)


def test_what_was_written_is_there_after_a_restart_and_the_second_start_takes_seconds(folder: Path) -> None:
    first = User(folder)
    database, _ = first.started()
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('grün')")
    first.leave()

    began = time.monotonic()
    second = User(folder)
    database, _ = second.started()
    took = time.monotonic() - began

    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT upper(word) FROM kept").fetchone() == ("GRÜN",)
    second.leave()
    assert took < 8


def test_a_killed_user_leaves_the_servers_to_the_next_one_who_stops_them(folder: Path) -> None:
    killed = User(folder)
    started = killed.started()
    killed.kill()
    assert _answers(*started)

    heir = User(folder)
    assert heir.started() == started
    assert len(_servers(folder)) == 2
    heir.leave()
    _wait_until_gone(folder)


def test_killed_servers_are_started_again_although_their_files_lie_about(folder: Path) -> None:
    first = User(folder)
    started = first.started()
    for process in _servers(folder):
        process.kill()
    _wait_until_gone(folder)
    assert (folder / "postgres" / "postmaster.pid").exists()

    second = User(folder)
    assert second.started() == started
    assert _answers(*started)
    first.leave()
    second.leave()
    _wait_until_gone(folder)


def test_another_process_with_the_number_of_a_killed_server_is_left_alone(folder: Path) -> None:
    first = User(folder)
    first.started()
    for process in _servers(folder):
        process.kill()
    _wait_until_gone(folder)
    pid_file = folder / "postgres" / "postmaster.pid"
    owner = pid_file.stat()
    with subprocess.Popen(["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None) as bystander:
        lines = pid_file.read_text().split("\n")
        pid_file.write_text("\n".join([str(bystander.pid), *lines[1:]]))

        second = User(folder)
        assert _answers(*second.started())
        second.leave()
        first.leave()
        _wait_until_gone(folder)
        assert bystander.poll() is None
        bystander.kill()


def test_a_fork_of_a_user_does_not_stop_the_servers_when_it_ends(folder: Path) -> None:
    forking = (
        "import os, sys; from config import embedded; embedded.redis_url()\n"
        "child = os.fork()\n"
        "if child == 0: sys.exit()\n"
        "os.waitpid(child, 0); print(embedded.embedded_redis.answers(embedded.socket_folder() / 'redis.sock'))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", forking], cwd=_REPO, env={**os.environ, "AFTERWARD_HOME": str(folder)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == "True\n", done.stderr


def test_a_folder_with_a_long_and_odd_name_works(folder: Path) -> None:
    odd = folder / ("a shop's own folder, " + "x" * 90)
    user = User(odd)
    database, redis = user.started()
    assert _answers(database, redis)
    assert len(str(redis)) < 100
    assert redis.parent.stat().st_mode & 0o066 == 0  # Under root others may pass, and no more.
    user.leave()
    shutil.rmtree(redis.parent)


def test_only_the_owner_can_open_what_lies_in_the_home(folder: Path) -> None:
    home = folder / "new"
    user = User(home)
    _, redis = user.started()
    assert home.stat().st_mode & 0o066 == 0
    assert redis.stat().st_mode & 0o077 == 0
    assert (home / "postgres").stat().st_mode & 0o077 == 0
    user.leave()


def test_a_home_of_another_account_is_refused_with_the_way_out(folder: Path) -> None:
    folder.chmod(0o555)
    done = _run_without_rights(folder)
    assert done.returncode != 0
    assert f"RuntimeError: {folder} belongs to another account" in done.stderr
    assert "AFTERWARD_HOME" in done.stderr


def test_a_socket_without_a_server_behind_it_does_not_answer(folder: Path) -> None:
    path = folder / "redis.sock"
    assert not embedded_redis.answers(path)
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(str(path))
    assert not embedded_redis.answers(path)


def test_an_account_without_rights_can_run_it_too(folder: Path) -> None:
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY.pw_uid, _NOBODY.pw_gid)
    home = folder / "home"
    done = _run_without_rights(home)
    assert done.returncode == 0, done.stderr
    assert str(home) in done.stdout
    assert (home / "postgres" / "PG_VERSION").stat().st_uid == folder.stat().st_uid
    _wait_until_gone(folder)


def _run_without_rights(home: Path) -> subprocess.CompletedProcess[str]:
    """Start and stop the servers of a home as somebody who is not root."""
    python, account = sys.executable, {}
    if os.geteuid() == 0:
        account = {"user": _NOBODY.pw_uid, "group": _NOBODY.pw_gid, "extra_groups": []}
        python = next(p for p in (sys.executable, "/usr/bin/python3") if _others_may_run(Path(p).resolve()))
    return subprocess.run(
        [python, "-c", _USER.replace("input()", "")],
        cwd=_REPO,
        env={
            "AFTERWARD_HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join([str(_REPO), sysconfig.get_path("platlib")]),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **account,
    )


def _others_may_run(path: Path) -> bool:
    return path.exists() and all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def test_a_machine_whose_language_is_not_installed_can_run_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "xx_YY.UTF-8")
    monkeypatch.setenv("LC_ALL", "xx_YY.UTF-8")
    user = User(folder)
    database, _ = user.started()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT 'Ä' < 'Z', upper('ä')").fetchone() == (False, "Ä")
    user.process.send_signal(signal.SIGINT)  # Ctrl-C: leaves in order as well.
    user.process.communicate(timeout=60)
    _wait_until_gone(folder)


def test_the_wheels_bring_the_programs() -> None:
    assert os.access(embedded_redis.binary(), os.X_OK)
    for name in ("initdb", "pg_ctl", "postgres", "psql"):
        assert os.access(embedded_postgres.binaries() / name, os.X_OK)
