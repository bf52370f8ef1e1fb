"""What has to be in place before a process can serve: settings, keys, a database that is up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

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


class CannotStart(Exception):
    """What has to be changed before this can start, a sentence each; none holds a value that was given."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def demo_settings() -> Settings:
    """The environment's settings with the demo on."""
    return _read(Settings.of_demo)


def stored_settings() -> Settings:
    """The environment's settings, with a database."""
    settings = _read(Settings)
    if settings.database_url is None and not settings.demo:
        raise CannotStart("DATABASE_URL is not set.")
    return settings


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

    async def started() -> RunningDatabase:
        starting = asyncio.create_task(start(settings.data / "postgres"))
        await asyncio.sleep(0)
        try:
            meanwhile()
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


async def bring_up_to_date(settings: Settings) -> None:
    """Migrate where something is missing; the machinery for it is imported only then."""
    assert settings.database_url is not None
    try:
        connection = await asyncpg.connect(plain_dsn(settings.database_url), timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError, ValueError) as problem:
        raise CannotStart(f"The database cannot be reached: {type(problem).__name__}.") from None
    try:
        if await is_current(connection):
            return
    finally:
        await connection.close()
    from persistence.migrations.run import migrate

    await migrate(settings.database_url)
