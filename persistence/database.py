"""The database: one pool of asyncpg connections that speak as the application's role."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asyncpg.pool import PoolConnectionProxy

APPLICATION_ROLE = "quanyi_app"
"""Owns nothing, and can neither change nor delete the trace of a card."""

_SESSION = {
    "application_name": "quanyi",
    "role": APPLICATION_ROLE,
    "timezone": "UTC",
    "statement_timeout": "30000",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "30000",
    "jit": "off",
}


@dataclass(slots=True)
class Database:
    """A pool of connections; `read` for single statements, `transaction` for writing."""

    pool: asyncpg.Pool[Any]
    dsn: str

    @classmethod
    async def open(cls, dsn: str, size: int = 10) -> Database:
        """Connect as the application's role; the DSN's own role is for migrations."""
        pool = await asyncpg.create_pool(
            plain_dsn(dsn),
            min_size=min(2, size),
            max_size=size,
            server_settings=_SESSION,
            init=_teach_codecs,
            reset=_keep_as_it_is,
            command_timeout=60,
        )
        return cls(pool, dsn)

    async def close(self) -> None:
        """Close every connection after its present work."""
        await self.pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[PoolConnectionProxy[Any]]:
        """A connection for reads, each statement its own snapshot."""
        async with self.pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PoolConnectionProxy[Any]]:
        """A connection in one READ COMMITTED transaction."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection


def plain_dsn(dsn: str) -> str:
    """The DSN as asyncpg reads it: a driver named after the scheme (`postgresql+asyncpg`) is dropped."""
    scheme, separator, rest = dsn.partition("://")
    return scheme.partition("+")[0] + separator + rest


async def _teach_codecs(connection: asyncpg.Connection[Any]) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=_to_json, decoder=orjson.loads, schema="pg_catalog", format="text"
        )


def _to_json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


async def _keep_as_it_is(connection: asyncpg.Connection[Any]) -> None:
    """No reset between uses: nothing here changes a session, and the reset costs a third of a small read."""
