"""Starts and stops the PostgreSQL that belongs to this server and to nobody else."""

import asyncio
import os
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, urlencode

import asyncpg

from persistence.embedded import cluster, layout
from persistence.embedded.binaries import Installation, find_installation
from persistence.embedded.errors import EmbeddedPostgresError
from persistence.embedded.identity import FAST_SHUTDOWN_S, Identity, Method, choose_identity, identity_for
from persistence.embedded.leftovers import remove_stale_files, serving_process, take_running_lock

READY_TIMEOUT_S = 120.0
"""Recovery after a crash replays at most `max_wal_size`."""
STOP_TIMEOUT_S = FAST_SHUTDOWN_S + 25.0
POLL_S = 0.01
LOG_LIMIT_BYTES = 16 * 1024 * 1024
DATABASE = "quanyi"


@dataclass
class RunningDatabase:
    """A PostgreSQL that lives until `stop()` or until this process ends, whichever comes first."""

    dsn: str = field(repr=False)
    """For asyncpg; holds the owner's password, so it is not for logs."""
    log_path: Path
    bin_dir: Path
    """Where `pg_dump` and `psql` of the same version are, where the installation has them."""
    data_dir: Path
    method: Method
    postmaster_pid: int
    _keeper: subprocess.Popen[bytes] = field(repr=False)
    _lock: int | None = field(repr=False)

    def dsn_of(self, database: str) -> str:
        """The DSN of another database of this PostgreSQL; the name is used as it is."""
        return self.dsn.replace(f"/{DATABASE}?", f"/{database}?")

    async def stop(self) -> None:
        """Shut down fast: transactions are rolled back, the data is clean. Stopping twice is no error."""
        await asyncio.to_thread(self.stop_and_wait)

    def stop_and_wait(self) -> None:
        """`stop()` for callers without an event loop."""
        try:
            end(self._keeper)
        finally:
            lock, self._lock = self._lock, None
            if lock is not None:
                os.close(lock)

    async def ended(self) -> int:
        """Wait until PostgreSQL ends for whatever reason; its exit code, 0 after a shutdown asked for."""
        while (code := self._keeper.poll()) is None:  # noqa: ASYNC110 - a process is no event
            await asyncio.sleep(0.2)
        return code


async def start(
    data_dir: Path,
    *,
    method: Method | None = None,
    durable: bool = True,
    settings: Mapping[str, str] | None = None,
    homes: tuple[Path, ...] = layout.HOMES,
) -> RunningDatabase:
    """Start the PostgreSQL of `data_dir`, making its cluster first where there is none.

    `method` forces how root runs it, for a new directory; `durable=False` is for tests; `settings` are raw
    values for postgresql.conf; `homes` are places for the data when its user cannot enter `data_dir`.
    Raises DataDirectoryBusyError while another server uses it, EmbeddedPostgresError for everything else.
    """
    ready = asyncio.get_running_loop().run_in_executor(
        None, _start, data_dir, method, durable, settings or {}, homes
    )
    try:
        running = await asyncio.shield(ready)
    except asyncio.CancelledError:
        # The thread cannot be interrupted; what it started must not outlive the caller's interest.
        with suppress(EmbeddedPostgresError):
            await (await ready).stop()
        raise
    try:
        running.dsn = await _with_database(running.dsn)
    except BaseException:
        await running.stop()
        raise
    return running


def _start(
    data_dir: Path, method: Method | None, durable: bool, settings: Mapping[str, str], homes: tuple[Path, ...]
) -> RunningDatabase:
    """All of `start` that needs no connection; blocking."""
    data_dir = layout.prepare(data_dir)
    lock = layout.take_server_lock(data_dir)
    try:
        memory, installation = _decide(data_dir, method, homes)
        places = layout.Layout(data_dir, Path(memory.home) if memory.home else data_dir)
        identity = _identity_now(memory, places)
        held = take_running_lock(places)
        try:
            password = layout.password_of(places)
            if places.made_by() is None:
                cluster.initialise(places, installation, identity, password, held=held, durable=durable)
            socket_dir, changed = layout.socket_directory(places, memory, identity)
            if changed != memory:
                layout.remember(data_dir, changed)
            remove_stale_files(places, socket_dir)
            cluster.configure(places, identity, socket_dir, durable=durable, settings=settings)
            keeper = _launch(places, installation, identity, held)
        finally:
            # From here on only PostgreSQL's own processes hold it.
            os.close(held)
        dsn = dsn_for(socket_dir, password, "postgres")
        pid = _wait_until_ready(places, keeper)
        return RunningDatabase(
            dsn, places.log, installation.bin_dir, data_dir, memory.method, pid, keeper, lock
        )
    except BaseException:
        os.close(lock)
        raise


def _decide(
    data_dir: Path, method: Method | None, homes: tuple[Path, ...]
) -> tuple[layout.Memory, Installation]:
    """Recall or choose whom PostgreSQL runs as and where; a choice is written down before it is acted on."""
    memory = layout.recall(data_dir)
    home = Path(memory.home) if memory and memory.home else data_dir
    installation = find_installation(layout.Layout(data_dir, home).made_by())
    if memory is None:
        identity = identity_for(method) if method else choose_identity(installation.bin_dir, data_dir)
        if method is Method.DROPPED and (why := identity.obstacle(installation.bin_dir, data_dir.parent)):
            raise EmbeddedPostgresError(why)
        if identity.method is Method.DROPPED:
            # Lets its user through to the cluster, and to nothing else: all else in here is 0600.
            data_dir.chmod(0o711)
        memory = layout.Memory(identity.method, identity.uid, identity.gid)
        if identity.method is Method.RELOCATED:
            memory = replace(memory, home=str(layout.make_home(data_dir, identity, homes)))
        layout.remember(data_dir, memory)
    if method not in (None, memory.method):
        raise EmbeddedPostgresError(f"{data_dir} was made by the method {memory.method}, not {method}")
    if memory.home and memory.identity.obstacle(installation.bin_dir, Path(memory.home)):
        installation = installation.copied_to(Path(memory.home) / "runtime")
    return memory, installation


def _identity_now(memory: layout.Memory, places: layout.Layout) -> Identity:
    """The identity to use in this start: what a plain user made is opened as that user when we are root."""
    if memory.method is Method.PLAIN and os.geteuid() == 0:
        owner = places.data_dir.stat()
        if owner.st_uid == 0:
            raise EmbeddedPostgresError("PostgreSQL refuses to run as root: choose another method")
        return Identity(Method.DROPPED, owner.st_uid, owner.st_gid)
    return memory.identity


def _launch(
    places: layout.Layout, installation: Installation, identity: Identity, held: int
) -> subprocess.Popen[bytes]:
    """Start the postmaster with its output going to the log."""
    if places.log.exists() and places.log.stat().st_size > LOG_LIMIT_BYTES:
        places.log.rename(places.log.with_suffix(".log.1"))
    descriptor = os.open(places.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as log:
        command = [installation.program("postgres"), "-D", str(places.cluster)]
        return identity.spawn(command, output=log, held=[held], reach=[places.home])


def _wait_until_ready(places: layout.Layout, keeper: subprocess.Popen[bytes]) -> int:
    """Wait for the word "ready" in PostgreSQL's lock file, as pg_ctl does; the postmaster's pid."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and keeper.poll() is None:
        with suppress(FileNotFoundError):
            lines = places.postmaster_pid.read_text().split("\n")
            if len(lines) > 7 and lines[7].strip() == "ready":
                return int(lines[0])
        time.sleep(POLL_S)
    end(keeper)
    tail = "\n".join(places.log.read_text(errors="replace").splitlines()[-12:])
    raise EmbeddedPostgresError(f"PostgreSQL did not start; the end of {places.log}:\n{tail}")


def end(keeper: subprocess.Popen[bytes]) -> None:
    """Ask the keeper to stop PostgreSQL and wait until it has."""
    if keeper.stdin and not keeper.stdin.closed:
        keeper.stdin.close()
    try:
        keeper.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
        raise EmbeddedPostgresError("PostgreSQL did not stop in time and was abandoned") from None


def dsn_for(socket_dir: Path, password: str, database: str) -> str:
    """A DSN that names everything, so that no PG* variable of the environment is asked."""
    place = urlencode({"host": str(socket_dir), "port": layout.SOCKET_PORT})
    return f"postgresql://{cluster.OWNER}:{quote(password)}@/{database}?{place}"


def running_dsn(data_dir: Path) -> str | None:
    """The DSN of the PostgreSQL that another process of ours runs in `data_dir`; None when none does."""
    memory = layout.recall(data_dir.resolve())
    if memory is None:
        return None
    places = layout.Layout(data_dir.resolve(), Path(memory.home) if memory.home else data_dir.resolve())
    if serving_process(places) is None:
        return None
    socket_dir, _ = layout.socket_directory(places, memory, _identity_now(memory, places))
    return dsn_for(socket_dir, layout.password_of(places), DATABASE)


async def _with_database(dsn: str) -> str:
    """Create our database where it is missing, and return its DSN."""
    connection = await asyncpg.connect(dsn)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()
    return dsn.replace("/postgres?", f"/{DATABASE}?")
