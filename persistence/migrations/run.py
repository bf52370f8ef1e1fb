"""Brings a database up to date, once, however many processes start together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from persistence.database import plain_dsn

_LOCK = 0x5175_616E_7969
"""The advisory lock that migrating processes queue at."""


async def migrate(dsn: str) -> None:
    """Run what is missing of the migrations as the DSN's own role, which owns the tables."""
    url = plain_dsn(dsn).replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url.replace("postgres://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Any) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
