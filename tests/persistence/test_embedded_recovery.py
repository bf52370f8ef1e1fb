"""After the server was killed, its PostgreSQL is gone and the next start has all that was acknowledged."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import asyncpg
import pytest

from persistence.embedded import DataDirectoryBusyError, Method, RunningDatabase, start
from tests.persistence.embedded_owner import METHODS, ended_within, spawn_owner

PATIENCE_S = 60.0
"""Far more than a shutdown takes: these machines are busy."""

pytestmark = pytest.mark.usefixtures("open_programs")


async def reopen(place: Path) -> RunningDatabase:
    """The next server on the same directory."""
    return await start(place / "data", homes=(place / "homes",))


def introduced(owner: subprocess.Popen[bytes]) -> tuple[str, int, int]:
    """What the owner says once it is ready: DSN, postmaster, keeper."""
    assert owner.stdout is not None
    with owner.stdout as lines:
        dsn, postmaster, keeper = (lines.readline().decode().strip() for _ in range(3))
    return dsn, int(postmaster), int(keeper)


async def write_row(dsn: str) -> None:
    """Commit one row."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
    await connection.execute("INSERT INTO kept VALUES (7)")
    await connection.close()


async def assert_row_is_there(running: RunningDatabase) -> None:
    """The row that was committed can be read, and the database written; then stop."""
    connection = await asyncpg.connect(running.dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM kept") == 1
        await connection.execute("INSERT INTO kept VALUES (8)")
    finally:
        await connection.close()
        await running.stop()


@pytest.mark.parametrize("method", METHODS)
async def test_a_killed_server_takes_its_postgres_along_and_the_next_start_recovers(
    place: Path, method: Method
) -> None:
    with spawn_owner(place / "data", method) as owner:
        dsn, postmaster, _ = introduced(owner)
        await write_row(dsn)
        owner.kill()
        owner.wait()
    running = await reopen(place)
    assert ended_within(postmaster, 0.1)
    assert running.method is method
    await assert_row_is_there(running)


@pytest.mark.parametrize("method", METHODS)
async def test_a_killed_keeper_leaves_no_postgres_either(place: Path, method: Method) -> None:
    with spawn_owner(place / "data", method) as owner:
        dsn, postmaster, keeper = introduced(owner)
        await write_row(dsn)
        os.kill(keeper, signal.SIGKILL)
        assert ended_within(postmaster, PATIENCE_S)
        owner.kill()
    await assert_row_is_there(await reopen(place))


async def test_everything_killed_at_once_recovers_although_lock_files_stay(place: Path) -> None:
    with spawn_owner(place / "data") as owner:
        dsn, postmaster, keeper = introduced(owner)
        await write_row(dsn)
        for pid in (keeper, postmaster, owner.pid):
            os.kill(pid, signal.SIGKILL)
        assert ended_within(postmaster, PATIENCE_S)
    await assert_row_is_there(await reopen(place))


async def test_a_pid_that_was_given_out_again_does_not_keep_the_database_shut(place: Path) -> None:
    running = await reopen(place)
    await write_row(running.dsn)
    await running.stop()
    home = next(path.parent for path in place.rglob("cluster"))
    stranger = f"{os.getpid()}\n{home / 'cluster'}\n1\n5432\n\n\n1 1\nready   \n"
    (home / "cluster" / "postmaster.pid").write_text(stranger)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(home / "run" / ".s.PGSQL.5432"))
    await assert_row_is_there(await reopen(place))


async def test_a_first_start_interrupted_anywhere_is_repaired_by_the_next(place: Path) -> None:
    for delay_s in (0.2, 0.35, 0.5, 0.65):
        with spawn_owner(place / "data") as owner:
            time.sleep(delay_s)
            owner.kill()
    running = await reopen(place)
    await write_row(running.dsn)
    await assert_row_is_there(running)


async def test_half_a_cluster_is_made_anew(place: Path) -> None:
    running = await reopen(place)
    await running.stop()
    home = next(path.parent for path in place.rglob("cluster"))
    (home / "cluster").rename(home / "cluster.part")
    (home / "cluster.part" / "PG_VERSION").unlink()
    running = await reopen(place)
    await write_row(running.dsn)
    await assert_row_is_there(running)
    assert not (home / "cluster.part").exists()


async def test_a_live_server_is_not_disturbed_by_a_second_one(place: Path) -> None:
    with spawn_owner(place / "data") as owner:
        dsn, _, keeper = introduced(owner)
        with pytest.raises(DataDirectoryBusyError, match=f"in use by process {owner.pid}"):
            await reopen(place)
        await write_row(dsn)
        owner.kill()
    assert ended_within(keeper, 10)


async def test_ctrl_c_in_the_terminal_of_the_server_does_not_reach_postgres_directly(place: Path) -> None:
    running = await reopen(place)
    assert os.getsid(running.postmaster_pid) != os.getsid(0)
    await write_row(running.dsn)
    await assert_row_is_there(running)
