"""What has to be in place before a process can serve: settings, keys, a database that is up to date."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import asyncpg
from pydantic import ValidationError

from persistence import logs
from persistence.cards.key_file import KeysUnusable
from persistence.database import plain_dsn
from persistence.keyring import keys_of
from persistence.migrations.state import is_current
from persistence.settings import Settings

if TYPE_CHECKING:
    from persistence.embedded import RunningDatabase

MARK = """UPDATE channel SET settings = settings || '{"demo": true}' WHERE parent_id IS NULL"""
"""Marks the channels of a database as the demo's."""

_KIND = "SELECT settings ? 'demo' FROM channel WHERE parent_id IS NULL"


class CannotStart(Exception):
    """What has to be changed before this can start, a sentence each; none holds a value that was given."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def demo_settings() -> Settings:
    """The environment's settings with the demo on."""
    return _read(Settings.of_demo)


def make_data(settings: Settings) -> None:
    """Make the data directory; CannotStart where that, or writing into it, is not possible."""
    try:
        settings.make_data()
        with TemporaryFile(dir=settings.data):
            pass
    except OSError as problem:
        raise CannotStart(
            f"{settings.data} cannot hold data: {problem.strerror}. Choose a directory with QUANYI_DATA."
        ) from None


def stored_settings() -> Settings:
    """The environment's settings with a database: without DATABASE_URL that of the demo that runs here."""
    settings = _read(Settings)
    if settings.database_url is not None:
        return settings
    from persistence.embedded import running_dsn

    dsn = running_dsn(settings.data / "postgres")
    if dsn is None:
        raise CannotStart("DATABASE_URL is not set, and no demo runs in QUANYI_DATA.")
    return demo_settings().model_copy(update={"database_url": dsn})


def production_settings() -> Settings:
    """The environment's settings, complete for real trade; CannotStart says all that is missing at once."""
    settings = _read(Settings)
    if settings.demo:
        raise CannotStart("QUANYI_DEMO is on; the demo is served by `run`.")
    problems = settings.check_for_production()
    if not problems:
        try:
            keys_of(settings)
        except KeysUnusable as problem:
            problems = [str(problem)]
    if problems:
        raise CannotStart(*problems)
    return settings


def _read(settings: Callable[[], Settings]) -> Settings:
    try:
        read = settings()
    except ValidationError as problem:
        errors = problem.errors(include_input=False, include_url=False)
        raise CannotStart(*(f"{error['loc'][0]}: {error['msg']}." for error in errors)) from None
    logs.configure(read.log_level)
    return read


@contextmanager
def database_of(settings: Settings, meanwhile: Callable[[], None]) -> Iterator[Settings]:
    """The settings with a DSN: an embedded PostgreSQL where they name none, which stops with the block.

    `meanwhile` is called while that starts.
    """
    if settings.database_url is not None:
        meanwhile()
        yield settings
        return
    from persistence.embedded import EmbeddedPostgresError, start

    place = settings.data / "postgres"
    is_new = not place.exists()

    async def started() -> RunningDatabase:
        starting = asyncio.create_task(start(place))
        await asyncio.sleep(0)
        try:
            with _switching_often():
                meanwhile()
                if is_new:
                    # Needed next, and waited for by nobody as long as PostgreSQL is not there.
                    import persistence.migrations.run  # noqa: F401
        except BaseException:
            starting.cancel()
            raise
        return await starting

    try:
        database = asyncio.run(started())
    except EmbeddedPostgresError as problem:
        raise CannotStart(str(problem)) from None
    try:
        yield settings.model_copy(update={"database_url": database.dsn})
    finally:
        database.stop_and_wait()


@contextmanager
def _switching_often() -> Iterator[None]:
    """Let the thread that starts PostgreSQL in: it has little to do, often, and imports hold it up."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(interval_s / 20)
    try:
        yield
    finally:
        sys.setswitchinterval(interval_s)


async def bring_up_to_date(settings: Settings) -> None:
    """Migrate where something is missing, and refuse the demo's database for real trade and the reverse."""
    assert settings.database_url is not None
    try:
        connection = await asyncpg.connect(plain_dsn(settings.database_url), timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError, ValueError) as problem:
        raise CannotStart(f"The database cannot be reached: {type(problem).__name__}.") from None
    try:
        if not await is_current(connection):
            # Imported here: a start that finds everything in place does not wait for it.
            from persistence.migrations.run import migrate

            await migrate(settings.database_url)
        await _check_kind(connection, settings)
    finally:
        await connection.close()


async def _check_kind(connection: asyncpg.Connection[Any], settings: Settings) -> None:
    of_demo = await connection.fetchval(_KIND)
    if settings.demo and of_demo is False:
        raise CannotStart("The database holds channels that the demo did not make; `run` is for the demo.")
    if of_demo and not settings.demo:
        raise CannotStart("The database is the demo's, whose passwords and keys are no secret.")
