"""The books against their entries: `python -m persistence.ledger.check` reads all of them and tells.

By the minute only what was written since the last time is read: what came before is summed in a checkpoint.
The whole check also compares that checkpoint with the entries, by a digest of each row, so that whatever
was changed since it was checked is found. Ends with 1 where anything differs; `--begin-again` takes what is
there for checked, after a repair.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from persistence.ledger import check_sql as sql

if TYPE_CHECKING:
    from persistence.database import Database

LONGEST_S = 3_600.0
"""How long a check may take: the first one, and the whole one, read everything."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An account whose balance is not the sum of its entries, or a currency whose entries are not zero."""

    account: str
    currency: str
    said_minor: int
    entered_minor: int

    def __str__(self) -> str:
        return (
            f"{self.account} {self.currency}: the balance says {self.said_minor}, "
            f"its entries sum to {self.entered_minor}"
        )


@dataclass(frozen=True, slots=True)
class Rewritten(Difference):
    """What was checked once is not what is there now: entries of an account, or transfers."""

    entries_then: int
    entries_now: int

    def __str__(self) -> str:
        return (
            f"{self.account} {self.currency}: {self.entries_then} rows with {self.said_minor} were checked, "
            f"and {self.entries_now} with {self.entered_minor} are there, of other contents"
        )


async def differences(database: Database) -> list[Difference]:
    """Everything that does not agree, by all entries; empty where the books are right."""
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL statement_timeout = 0")
        return _told(await connection.fetch(sql.WHOLE.sql, timeout=LONGEST_S))


async def differences_since(database: Database) -> list[Difference]:
    """The same by what was written since the last time, which then is part of the checkpoint."""
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL statement_timeout = 0")
        await sql.LOCK.one(connection)
        head = await sql.HEAD.one(connection)
        assert head is not None
        below = head["below"]
        if head["foreign"]:
            structlog.get_logger().warning("ledger.checkpoint-begun-again", below=below)
            await sql.FORGET.run(connection)
            below = 0
        found = _told(await connection.fetch(sql.SINCE.sql, below, timeout=LONGEST_S))
        await connection.execute(sql.ADVANCE.sql, below, timeout=LONGEST_S)
    return found


async def begin_again(database: Database) -> None:
    """Forget the checkpoint: the next check reads everything, and takes it for right."""
    async with database.transaction() as connection:
        await sql.LOCK.one(connection)
        await sql.FORGET.run(connection)


def _told(rows: Sequence[Any]) -> list[Difference]:
    return [_difference(row) for row in rows]


def _difference(row: Any) -> Difference:
    name = f"{row['kind']}:{row['channel_id']}" if row["channel_id"] else str(row["kind"])
    said = name, row["currency"] or "", row["said"], row["entered"]
    if row["rewritten"]:
        return Rewritten(*said, row["entries_then"], row["entries_now"])
    return Difference(*said)


async def _checked(anew: bool) -> int:
    from persistence.database import Database
    from persistence.starting import stored_settings

    url = stored_settings().database_url
    assert url is not None
    database = await Database.open(url, size=1)
    try:
        if anew:
            await begin_again(database)
        found = await differences(database)
    finally:
        await database.close()
    for one in found:
        sys.stdout.write(f"{one}\n")
    if not found:
        sys.stdout.write("Every balance is the sum of its entries.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_checked("--begin-again" in sys.argv[1:])))
