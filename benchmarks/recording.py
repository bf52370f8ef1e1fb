"""Writes down the SQL of one request as a recipe that a bare program can follow again and again.

Most arguments are repeated as they were. An id that the request made is made anew in each repetition, and a
value that an earlier statement answered is taken from that statement's answer in the repetition.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

ORDER_NUMBER = re.compile(r"\d{6}-\w{5}-\w{5}")
KEPT_KEY = re.compile(r"[0-9a-f]{64}")
"""An idempotency key as it is stored."""

UNIQUE = "fresh-"
"""How a text begins that may be used once, such as an idempotency key."""


@dataclass(frozen=True)
class Fresh:
    """An id or a unique text that every repetition makes for itself."""

    number: int
    text: bool


@dataclass(frozen=True)
class Cell:
    """A value of an earlier answer."""

    call: int
    row: int
    column: int


@dataclass(frozen=True)
class Each:
    """A value that the caller of the recipe brings, another one each time."""

    name: str


@dataclass
class Call:
    """One statement: the method of asyncpg, its text, and what its arguments are made of."""

    number: int
    method: str
    sql: str
    arguments: list[Any]
    columns: list[str] = field(default_factory=list)
    """The names in its answer, where it had rows."""


@dataclass
class Block:
    """What one acquired connection did, in or without a transaction."""

    transactional: bool = False
    calls: list[Call] = field(default_factory=list)


Recipe = list[Block]


class Recorder:
    """Stands where a pool stands; everything goes to that pool, and is written down."""

    def __init__(self, pool: Any, each: Mapping[Any, str] | None = None) -> None:
        self._pool = pool
        self._each = dict(each or {})
        self._numbers = itertools.count()
        self._began_ms = time.time_ns() // 1_000_000
        self._fresh: dict[Any, Fresh] = {}
        self._cells: dict[UUID, Cell | UUID] = {}
        self.blocks: Recipe = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    async def acquire(self) -> Recorded:
        """A connection that is listened to."""
        block = Block()
        self.blocks.append(block)
        return Recorded(await self._pool.acquire(), block, self)

    async def release(self, connection: Recorded) -> None:
        """Give it back."""
        await self._pool.release(connection.connection)

    def note(self, block: Block, method: str, sql: str, arguments: Sequence[Any]) -> Call:
        """Write a call down, before it is made."""
        said = [self._template(argument) for argument in arguments]
        call = Call(next(self._numbers), method, sql, said)
        block.calls.append(call)
        return call

    def learn(self, call: Call, rows: Sequence[Any]) -> None:
        """Remember where values came from; the first source counts."""
        for at, row in enumerate(rows):
            call.columns = list(row.keys()) if hasattr(row, "keys") else []
            for column, value in enumerate(row):
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, UUID) and one not in self._fresh:
                        # A list is remembered by what is in it, which is no cell: it is known as it is.
                        cell = Cell(call.number, at, column)
                        self._cells.setdefault(one, cell if one is value else one)

    def _template(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self._template(one) for one in value]
        if isinstance(value, UUID | str | bytes) and value in self._each:
            return Each(self._each[value])
        if isinstance(value, UUID):
            found = self._cells.get(value)
            return found if found is not None else self._made(value, _moment_ms(value) >= self._began_ms)
        unique = isinstance(value, str) and (
            value.startswith(UNIQUE) or ORDER_NUMBER.fullmatch(value) or KEPT_KEY.fullmatch(value)
        )
        return self._made(value, bool(unique))

    def _made(self, value: Any, fresh: bool) -> Any:
        if not fresh:
            return value
        return self._fresh.setdefault(value, Fresh(len(self._fresh), isinstance(value, str)))


def _moment_ms(id_: UUID) -> int:
    """When a UUIDv7 was made, in milliseconds since 1970."""
    return id_.int >> 80


@dataclass
class Recorded:
    """A connection that writes down what is asked of it."""

    connection: Any
    block: Block
    recorder: Recorder

    async def fetch(self, sql: str, *arguments: Any) -> Any:
        """As asyncpg's."""
        call = self.recorder.note(self.block, "fetch", sql, arguments)
        rows = await self.connection.fetch(sql, *arguments)
        self.recorder.learn(call, rows)
        return rows

    async def fetchrow(self, sql: str, *arguments: Any) -> Any:
        """As asyncpg's."""
        call = self.recorder.note(self.block, "fetchrow", sql, arguments)
        row = await self.connection.fetchrow(sql, *arguments)
        self.recorder.learn(call, [] if row is None else [row])
        return row

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        """As asyncpg's."""
        call = self.recorder.note(self.block, "fetchval", sql, arguments)
        value = await self.connection.fetchval(sql, *arguments)
        self.recorder.learn(call, [[value]])
        return value

    async def prepare(self, sql: str) -> Prepared:
        """As asyncpg's, for what is asked once."""
        return Prepared(self, sql)

    async def execute(self, sql: str, *arguments: Any) -> Any:
        """As asyncpg's."""
        self.recorder.note(self.block, "execute", sql, arguments)
        return await self.connection.execute(sql, *arguments)

    async def executemany(self, sql: str, rows: Any) -> None:
        """As asyncpg's."""
        rows = list(rows)
        self.recorder.note(self.block, "executemany", sql, [rows])
        await self.connection.executemany(sql, rows)

    def transaction(self) -> Any:
        """As asyncpg's; a block has one, or none."""
        self.block.transactional = True
        return self.connection.transaction()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement of a recorded connection."""

    connection: Recorded
    sql: str

    async def fetch(self, *arguments: Any) -> Any:
        """As asyncpg's."""
        return await self.connection.fetch(self.sql, *arguments)


def statements_of(recipe: Recipe) -> int:
    """How many statements a recipe runs."""
    return sum(len(block.calls) for block in recipe)
