"""The database: one pool of asyncpg connections that speak as the application's role."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

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
    most_kept: int = 0
    """Connections that stay ready between uses: giving one back to asyncpg's pool costs as much as a small
    read.
    """
    after: list[Callable[[Any], None]] = field(default_factory=list)
    """Told the connection of each transaction that has ended, before anybody hears what came of it."""
    _kept: list[PoolConnectionProxy[Any]] = field(default_factory=list)
    _waiting: int = 0

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
        return cls(pool, dsn, most_kept=size // 3)

    async def close(self) -> None:
        """Close every connection after its present work."""
        self.most_kept = 0
        await self.let_go()
        await self.pool.close()

    @property
    def kept(self) -> int:
        """How many connections are kept ready."""
        return len(self._kept)

    async def let_go(self) -> None:
        """Give the connections that are kept ready back to the pool."""
        while self._kept:
            await self.pool.release(self._kept.pop())

    def connection(self) -> Lease:
        """A connection for reads, each statement its own snapshot."""
        return Lease(self)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PoolConnectionProxy[Any]]:
        """A connection in one READ COMMITTED transaction."""
        async with Lease(self) as connection:
            try:
                async with connection.transaction():
                    yield connection
            finally:
                for tell in self.after:
                    tell(connection)

    async def lend(self) -> PoolConnectionProxy[Any]:
        """A connection that is kept ready, or one of the pool."""
        while self._kept:
            connection = self._kept.pop()
            if not connection.is_closed():
                return connection
            await self.pool.release(connection)
        self._waiting += 1
        try:
            return await self.pool.acquire()
        finally:
            self._waiting -= 1

    def keep(self, connection: PoolConnectionProxy[Any]) -> bool:
        """Keep a connection ready; False where the pool needs it more."""
        kept = len(self._kept) < self.most_kept and not self._waiting
        if kept:
            self._kept.append(connection)
        return kept


class Lease:
    """A connection for as long as the block lasts; after an error it goes back to the pool to be tidied."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __aenter__(self) -> PoolConnectionProxy[Any]:
        self._connection = await self._database.lend()
        return self._connection

    async def __aexit__(self, kind: object, *_error: object) -> None:
        if kind is not None or not self._database.keep(self._connection):
            await self._database.pool.release(self._connection)


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
