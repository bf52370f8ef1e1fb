"""The migrations make exactly the tables that the code declares, and a database is migrated once."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from persistence.migrations.run import migrate
from persistence.tables import METADATA


def _differences(connection: Any) -> list[Any]:
    def ours(_thing: Any, name: str | None, kind: str, *_: Any) -> bool:
        return not (kind == "table" and str(name).startswith("pgqueuer"))

    context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
    found: list[Any] = compare_metadata(context, METADATA)
    return found


async def test_the_migrations_make_the_tables_that_the_code_declares(dsn: str) -> None:
    url = dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        assert await connection.run_sync(_differences) == []
        await connection.exec_driver_sql("ALTER TABLE product ADD COLUMN planted text")
        assert [difference[0] for difference in await connection.run_sync(_differences)] == ["remove_column"]
        await connection.rollback()
    await engine.dispose()


async def test_processes_that_start_together_migrate_once(dsn: str) -> None:
    await asyncio.gather(*(migrate(dsn) for _ in range(4)))
    connection = await asyncpg.connect(dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM relay") == 1
    finally:
        await connection.close()
