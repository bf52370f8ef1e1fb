"""One of several processes that move money of the same channels; says what it has done.

python -m tests.ledger.rush PLAN        a plan in JSON; the outcome goes to stdout
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from domain.access.callers import SYSTEM
from domain.ids import new_id
from domain.ledger.cash import topped_up, withdrawal_held, withdrawal_released, withdrawn
from domain.ledger.refusals import BalanceTooLow
from domain.ledger.returns import Return, returned
from domain.ledger.sales import Trade, paid, placed, release
from domain.ledger.vesting import VestMargins, vest_margins
from persistence.database import Database
from tests.ledger.bank import Bank

SELLERS = ("S", "T")


@dataclass
class Plan:
    """Where, with how many hands, for how long."""

    dsn: str
    channels: dict[str, str]
    seed: int
    hands: int
    seconds: float


@dataclass
class Done:
    """What came of it; by seller, and amounts in minor units."""

    sold: Counter[str] = field(default_factory=Counter)
    returned: Counter[str] = field(default_factory=Counter)
    cash: Counter[str] = field(default_factory=Counter)
    """What came in, less what was paid out."""
    refused: int = 0


class Hand:
    """Does one thing after another, each in a transaction of its own."""

    def __init__(self, bank: Bank, done: Done, seed: int) -> None:
        self.bank, self.done, self.random = bank, done, random.Random(seed)
        self.sold: list[tuple[str, Trade]] = []

    async def work(self, until_s: float) -> None:
        acts = [self.sell] * 6 + [self.top_up] * 2 + [self.withdraw] * 2 + [self.take_back] * 2 + [self.tidy]
        while time.monotonic() < until_s:
            try:
                await self.random.choice(acts)(self.random.choice(SELLERS))
            except BalanceTooLow:
                self.done.refused += 1

    async def sell(self, seller: str) -> None:
        trade = self.bank.trade(seller)
        await self.bank.post(placed(trade))
        if self.random.random() < 0.2:
            await self.bank.post(release(trade))
            return
        async with self.bank.working() as work:
            vests_at = work.now + timedelta(days=self.random.choice((0, 7)))
            await work.ledger.post(paid(trade, {}, vests_at, by_headquarters=False), SYSTEM)
        self.done.sold[seller] += 1
        self.sold.append((seller, trade))

    async def take_back(self, _seller: str) -> None:
        if not self.sold:
            return
        seller, trade = self.sold.pop(self.random.randrange(len(self.sold)))
        async with self.bank.working() as work:
            vested = (await work.ledger.pending_of(trade.order_id)).vested
            ret = Return(new_id(), trade, vested, by_headquarters=False)
            await work.ledger.post(returned(ret, goods_back=True), SYSTEM)
        self.done.returned[seller] += 1

    async def top_up(self, seller: str) -> None:
        minor = self.random.randrange(1, 12_000)
        await self.bank.post(topped_up(new_id(), self.bank.channels[seller], minor, "CNY"))
        self.done.cash[seller] += minor

    async def withdraw(self, seller: str) -> None:
        asked = new_id(), self.bank.channels[seller], self.random.randrange(1, 9_000), "CNY"
        await self.bank.post(withdrawal_held(*asked))
        pays = self.random.random() < 0.7
        await self.bank.post((withdrawn if pays else withdrawal_released)(*asked))
        self.done.cash[seller] -= asked[2] if pays else 0

    async def tidy(self, _seller: str) -> None:
        """What timers do."""
        async with self.bank.working() as work:
            await vest_margins(VestMargins(20), SYSTEM, work)
        async with self.bank.working() as work:
            await work.ledger.roll_up()
        assert await self.bank.differences_since() == []


async def rush(plan: Plan) -> Done:
    """Work with all hands."""
    database = await Database.open(plan.dsn, size=plan.hands)
    bank = Bank(database, {name: UUID(text) for name, text in plan.channels.items()})
    done, until_s = Done(), time.monotonic() + plan.seconds
    async with asyncio.TaskGroup() as hands:
        for number in range(plan.hands):
            hands.create_task(Hand(bank, done, plan.seed * 1_000 + number).work(until_s))
    await database.close()
    return done


if __name__ == "__main__":
    sys.stdout.write(json.dumps(vars(asyncio.run(rush(Plan(**json.loads(sys.argv[1])))))))
