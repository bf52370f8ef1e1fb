"""Posting to a stored ledger without orders around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from domain.access.callers import SYSTEM
from domain.commands import Command
from domain.ids import new_id
from domain.ledger.cash import opened
from domain.ledger.sales import Trade
from domain.ledger.transfers import Transfer
from domain.ledger.vesting import VestMargins
from persistence.bells import LocalBell
from persistence.database import Database
from persistence.ledger.balances import balances_of
from persistence.ledger.check import Difference, differences, differences_since
from persistence.perform import Performer
from persistence.work import Tools, Work

PARENTS = {"HQ": None, "P": "HQ", "Q": "P", "S": "Q", "T": "Q"}
TOOLS = Tools(cast(Any, None), cast(Any, None))


@dataclass(slots=True)
class Bank:
    """A database and the ids of its channels by name."""

    database: Database
    channels: dict[str, UUID]

    @classmethod
    async def open(cls, database: Database) -> Bank:
        """Plant the tree."""
        paths: dict[str, list[UUID]] = {}
        async with database.connection() as connection:
            for code, parent in PARENTS.items():
                paths[code] = [*(paths[parent] if parent else []), new_id()]
                await connection.execute(
                    "INSERT INTO channel (id, code, name, tier, parent_id, path)"
                    " VALUES ($1, $2, $2, 'SHOP', $3, $4)",
                    paths[code][-1], code.lower(), paths[parent][-1] if parent else None, paths[code],
                )  # fmt: skip
        bank = cls(database, {code: path[-1] for code, path in paths.items()})
        for code in PARENTS:
            await bank.open_deposit(code)
        return bank

    @asynccontextmanager
    async def working(self, database: Database | None = None) -> AsyncIterator[Work]:
        """A transaction of its own."""
        async with (database or self.database).transaction() as connection:
            work = Work(connection, TOOLS, "test")
            await work.begin()
            yield work

    async def post(self, transfers: Sequence[Transfer], database: Database | None = None) -> None:
        """Post in one transaction; raises BalanceTooLow."""
        async with self.working(database) as work:
            await work.ledger.post(transfers, SYSTEM)

    async def open_deposit(self, name: str, minor: int = 0, credit: int = 0) -> None:
        """Put something into a deposit."""
        channel = self.channels[name]
        async with self.working() as work:
            await work.ledger.open_deposit(channel, 0, "CNY")
            await work.connection.execute(
                "UPDATE ledger_account SET credit_minor = $2 WHERE channel_id = $1 AND kind = 'DEPOSIT'",
                channel, credit,
            )  # fmt: skip
            await work.ledger.post(opened(channel, minor, "CNY"), SYSTEM)

    def trade(self, seller: str = "S", total_minor: int = 9_000) -> Trade:
        """A new order of the worked example."""
        path = tuple(self.channels[name] for name in ("HQ", "P", "Q", seller))
        return Trade(new_id(), path, (7_000, 8_000, 8_800, 9_300), total_minor, "CNY")

    async def balance(self, name: str) -> tuple[int, int, int, int]:
        """Deposit, held, pending and owed."""
        async with self.database.connection() as connection:
            (found,) = (await balances_of(connection, [self.channels[name]]))[self.channels[name]]
        return found.deposit_minor, found.held_minor, found.pending_minor, found.owed_minor

    async def headquarters(self) -> dict[str, int]:
        """Headquarters' accounts, by their entries."""
        rows = await self.rows(
            "SELECT a.kind, sum(e.minor)::int AS minor FROM ledger_account a JOIN ledger_entry e"
            " ON e.account_id = a.id WHERE a.channel_id IS NULL GROUP BY a.kind"
        )
        return {row["kind"]: row["minor"] for row in rows}

    async def differences(self) -> list[Difference]:
        return await differences(self.database)

    async def differences_since(self) -> list[Difference]:
        return await differences_since(self.database)

    async def settle(self) -> None:
        """Look as the timer does, until all that was there is checked and what is past is settled.

        Other databases of the cluster have transactions too, and some of theirs are long.
        """
        began, entries = await self.now(), await self.value("SELECT count(*) FROM ledger_entry")
        summed = "(SELECT coalesce(sum(entries), 0) FROM ledger_checkpoint_sum)"
        done = f"SELECT settled_at > $1 AND {summed} >= $2 FROM ledger_checkpoint"
        async with asyncio.timeout(30):
            while not await self.value(done, began, entries):
                assert await self.differences_since() == []

    async def vest(self, limit: int = 200) -> int:
        """Vest what is due."""
        return await self.perform(VestMargins(limit))

    async def perform(self, command: Command) -> int:
        """What the system does by itself; how often."""
        count: int = await Performer(self.database, LocalBell(), TOOLS)(command, SYSTEM)
        return count

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        async with self.database.connection() as connection:
            return list(await connection.fetch(statement, *values))

    async def value(self, statement: str, *values: Any) -> Any:
        async with self.database.connection() as connection:
            return await connection.fetchval(statement, *values)

    async def now(self) -> datetime:
        moment: datetime = await self.value("SELECT now()")
        return moment
