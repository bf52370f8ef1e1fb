"""Statements: built once with SQLAlchemy Core (or written as text), run as plain SQL on asyncpg.

Core's own execution costs ten times the statement itself on small reads, so only its compiler is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as dialect_module
from sqlalchemy.sql.elements import ClauseElement

_DIALECT: Any = dialect_module.dialect()  # type: ignore[no-untyped-call]
_NAME = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")


class Connection(Protocol):
    """What a statement needs of an asyncpg connection or pool."""

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]: ...
    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def prepare(self, query: str) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...
    async def executemany(self, command: str, args: Any) -> None: ...


class Statement:
    """One SQL text with `$n` parameters and the order of their names; safe to share between tasks."""

    __slots__ = ("_fixed", "names", "sql")

    def __init__(self, source: ClauseElement | str) -> None:
        if isinstance(source, str):
            self.sql, self.names = _number(source)
            self._fixed: Mapping[str, Any] = {}
            return
        compiled: Any = source.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        self.names = tuple(compiled.positiontup or ())
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the SQL's parameters; KeyError when one is missing."""
        fixed = self._fixed
        return [values[name] if name in values else fixed[name] for name in self.names]

    async def all(self, connection: Connection, **values: Any) -> list[asyncpg.Record]:
        """Every row."""
        return await connection.fetch(self.sql, *self.arguments(values))

    async def all_once(self, connection: Connection, **values: Any) -> list[asyncpg.Record]:
        """Every row, without a place among the statements that the connection keeps prepared."""
        prepared = await connection.prepare(self.sql)
        found: list[asyncpg.Record] = await prepared.fetch(*self.arguments(values))
        return found

    async def one(self, connection: Connection, **values: Any) -> asyncpg.Record | None:
        """The first row, or None."""
        return await connection.fetchrow(self.sql, *self.arguments(values))

    async def value(self, connection: Connection, **values: Any) -> Any:
        """The first column of the first row, or None."""
        return await connection.fetchval(self.sql, *self.arguments(values))

    async def run(self, connection: Connection, **values: Any) -> int:
        """Execute, and answer how many rows were touched."""
        tag = await connection.execute(self.sql, *self.arguments(values))
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute once for each row of values, in one round trip."""
        if rows:
            await connection.executemany(self.sql, [self.arguments(row) for row in rows])


def _number(text: str) -> tuple[str, tuple[str, ...]]:
    """`:name` → `$n`, the same name always the same number; `::type` casts stay."""
    names: list[str] = []

    def place(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return _NAME.sub(place, text), tuple(names)
