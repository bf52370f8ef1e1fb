"""The migrations make exactly the tables that the code declares, and a database is migrated once."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any
from uuid import UUID

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from persistence.idempotency import kept_key
from persistence.migrations.run import migrate
from persistence.tables import METADATA


def _differences(connection: Any) -> list[Any]:
    def ours(_thing: Any, name: str | None, kind: str, *_: Any) -> bool:
        return not (kind == "table" and str(name).startswith("pgqueuer"))

    context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
    found: list[Any] = compare_metadata(context, METADATA)
    return found


def _run_again(connection: Any, migration: str) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        importlib.import_module(f"persistence.migrations.versions.{migration}").upgrade()


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


async def test_keys_from_before_they_were_hashed_are_still_known(dsn: str) -> None:
    someone, scope, key = UUID(int=7), f"CUSTOMER:{UUID(int=7)}", "第一单 ABCD-1234"
    before = f"""SET LOCAL session_replication_role = replica;
        INSERT INTO idempotency (scope, key, operation, body_hash) VALUES ('{scope}', '{key}', 'Pay', '');
        INSERT INTO redemption (id, card_id, channel_id, scope, idempotency_key, fingerprint, status)
        VALUES ('{someone}', '{someone}', '{someone}', '{scope}', '{key}', '', 'SUCCEEDED');
        INSERT INTO reveal (id, card_id, customer_id, idempotency_key, watermark, expires_at)
        VALUES ('{someone}', '{someone}', '{someone}', '{key}', '', now())"""
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    async with engine.begin() as connection:
        for statement in before.split(";"):
            await connection.exec_driver_sql(statement)
        await connection.run_sync(_run_again, "0005_keys_are_hashed")
        for table, column, whose in (
            ("idempotency", "key", scope),
            ("redemption", "idempotency_key", scope),
            ("reveal", "idempotency_key", str(someone)),
        ):
            kept = (await connection.exec_driver_sql(f"SELECT {column} FROM {table}")).scalars().all()
            assert kept == [kept_key(whose, key)], table
    await engine.dispose()
