"""An economy on a real database: channels, deposits and deals, acted on from several connections at once."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from domain.access.callers import SYSTEM
from domain.ids import new_id
from domain.ledger.accounts import AccountKind
from domain.ledger.cash import opened, topped_up, withdrawal_held, withdrawal_released, withdrawn
from domain.ledger.refusals import BalanceTooLow
from domain.ledger.returns import Return, returned
from domain.ledger.sales import paid, placed, release
from domain.ledger.transfers import Transfer
from domain.ledger.vesting import VestMargins, vest_margins
from persistence.database import Database
from persistence.ledger import sql
from persistence.work import Tools, Work
from tests.laws.deals import CLEARING, INCOME, PREPAID, Deal, Place, Stage

TOOLS = Tools(cast(Any, None), cast(Any, None))
PLACES = {"PAYMENT_CLEARING": CLEARING, "SUPPLIER_PREPAID": PREPAID}
LEFT = """SELECT t.order_id, a.channel_id, a.kind, sum(e.minor)::bigint AS minor
            FROM ledger_account a JOIN ledger_entry e ON e.account_id = a.id
            JOIN ledger_transfer t ON t.id = e.transfer_id
           WHERE a.id = ANY($1) GROUP BY 1, 2, 3"""
BOOKS = """SELECT a.id, a.kind, a.channel_id, a.currency, a.balance_minor, a.credit_minor,
                  (SELECT coalesce(sum(minor), 0)::bigint FROM ledger_delta WHERE account_id = a.id) AS d,
                  (SELECT coalesce(sum(minor), 0)::bigint FROM ledger_entry WHERE account_id = a.id) AS e
             FROM ledger_account a WHERE a.channel_id = ANY($1) OR a.id = ANY($2)"""

VESTED = "SELECT order_id FROM ledger_vesting WHERE vested_at IS NOT NULL AND order_id = ANY($1)"


@dataclass
class Economy:
    """One run's share of a database: its own channels, and headquarters' accounts in its own currencies."""

    database: Database
    currencies: tuple[str, str]
    paths: list[tuple[UUID, ...]] = field(default_factory=list)
    """Of each channel, headquarters first."""
    headquarters: list[int] = field(default_factory=list)
    """Ids of its accounts."""
    deals: list[Deal] = field(default_factory=list)
    withdrawals: list[tuple[UUID, UUID, int, str]] = field(default_factory=list)
    moved: Counter[tuple[UUID, str]] = field(default_factory=Counter)
    """What came in and went out beside deals, by channel and currency."""
    posted: list[Sequence[Transfer]] = field(default_factory=list)
    deposits: dict[tuple[UUID, str], int] = field(default_factory=dict)
    """What deposits could give when they were last looked at."""

    async def begin(self, parents: Sequence[int], money: Sequence[tuple[int, int]]) -> None:
        """Plant channels below one another, and open deposits with money and credit."""
        self.paths = [(new_id(),)]
        for parent in parents:
            self.paths.append((*self.paths[parent % len(self.paths)], new_id()))
        async with self.database.transaction() as connection:
            await connection.executemany(
                "INSERT INTO channel (id, code, name, tier, path) VALUES ($1, $2, $2, 'SHOP', $3)",
                [(path[-1], str(path[-1]), list(path)) for path in self.paths],
            )
            kinds = [kind.value for kind in AccountKind if kind.value not in _OF_CHANNELS]
            rows = await connection.fetch(
                "INSERT INTO ledger_account (kind, currency) SELECT kind, currency"
                " FROM unnest($1::text[]) kind, unnest($2::text[]) currency RETURNING id",
                kinds, list(self.currencies),
            )  # fmt: skip
            self.headquarters = [row["id"] for row in rows]
        for number, path in enumerate(self.paths[1:]):
            minor, credit = money[number % len(money)]
            await self._do(lambda work, path=path, minor=minor, credit=credit: self._open(  # type: ignore[misc]
                work, path[-1], minor, credit))  # fmt: skip

    async def _open(self, work: Work, channel: UUID, minor: int, credit: int) -> None:
        for currency in self.currencies:
            await work.ledger.open_deposit(channel, credit, currency)
        transfers = opened(channel, minor, self.currencies[0])
        await work.ledger.post(transfers, SYSTEM)
        self.moved[channel, self.currencies[0]] += minor

    async def wave(self, acts: Sequence[Callable[[Work], Awaitable[None]]]) -> list[bool]:
        """All at once, each in a transaction of its own; who was refused."""
        done = await asyncio.gather(*(self._do(act) for act in acts), return_exceptions=True)
        for one in done:
            if isinstance(one, BaseException) and not isinstance(one, BalanceTooLow):
                raise one
        return [isinstance(one, BalanceTooLow) for one in done]

    async def _do(self, act: Callable[[Work], Awaitable[None]]) -> None:
        async with self.database.transaction() as connection:
            work = Work(connection, TOOLS, "laws")
            await work.begin()
            await act(work)

    async def post(self, work: Work, transfers: Sequence[Transfer]) -> None:
        await work.ledger.post(transfers, SYSTEM)
        self.posted.append(transfers)

    # Acts: what they change of the model, they change when they have been written.

    async def place(self, work: Work, deal: Deal) -> None:
        await self.post(work, placed(deal.trade))
        self.deals.append(deal)

    async def sell(self, work: Work, deal: Deal) -> None:
        """Place and pay in one transaction."""
        vests_at = work.now + timedelta(days=0 if deal.due else 7)
        await self.post(work, placed(deal.trade))
        await self.post(work, paid(deal.trade, deal.shares, vests_at, deal.by_headquarters))
        self.deals.append(deal)
        deal.stage = Stage.PAID

    async def pay(self, work: Work, deal: Deal) -> None:
        vests_at = work.now + timedelta(days=0 if deal.due else 7)
        await self.post(work, paid(deal.trade, deal.shares, vests_at, deal.by_headquarters))
        deal.stage = Stage.PAID

    async def end(self, work: Work, deal: Deal) -> None:
        await self.post(work, release(deal.trade))
        deal.stage = Stage.ENDED

    async def refund(self, work: Work, deal: Deal, goods_back: bool) -> None:
        part, shares = deal.parts[-1]
        vested = (await work.ledger.pending_of(deal.trade.order_id)).vested
        ret = Return(new_id(), part, vested, deal.by_headquarters, shares)
        await self.post(work, returned(ret, goods_back))
        deal.parts.pop()
        if not goods_back:
            deal.lost.append(part)

    async def top_up(self, work: Work, channel: UUID, minor: int, currency: str) -> None:
        await self.post(work, topped_up(new_id(), channel, minor, currency))
        self.moved[channel, currency] += minor

    async def withdraw(self, work: Work, channel: UUID, minor: int, currency: str) -> None:
        asked = new_id(), channel, minor, currency
        await self.post(work, withdrawal_held(*asked))
        self.withdrawals.append(asked)

    async def settle(self, work: Work, asked: tuple[UUID, UUID, int, str], pays: bool) -> None:
        await self.post(work, (withdrawn if pays else withdrawal_released)(*asked))
        self.withdrawals.remove(asked)
        if pays:
            self.moved[asked[1], asked[3]] -= asked[2]

    async def vest(self, work: Work) -> None:
        await vest_margins(VestMargins(1_000), SYSTEM, work)

    async def repeat(self, work: Work, which: int) -> None:
        if self.posted:
            await work.ledger.post(self.posted[which % len(self.posted)], SYSTEM)

    async def roll_up(self, work: Work) -> None:
        await sql.ROLL_UP.run(work.connection)

    async def check(self) -> None:
        """Every law, of what is committed now."""
        channels = [path[-1] for path in self.paths]
        async with self.database.connection() as connection:
            books = await connection.fetch(BOOKS, channels, self.headquarters)
            left = await connection.fetch(LEFT, [row["id"] for row in books])
            vested = await connection.fetch(VESTED, [deal.trade.order_id for deal in self.deals])
        pending = Counter[tuple[UUID, UUID]]()
        for row in left:
            if row["kind"] == "PENDING":
                pending[row["order_id"], row["channel_id"]] += row["minor"]
        self._check_pending(pending, {row["order_id"] for row in vested})
        self._check_books(books)
        self._check_deals(left)

    def _check_books(self, books: Sequence[Any]) -> None:
        sums: Counter[str] = Counter()
        held: Counter[tuple[UUID, str]] = Counter()
        for row in books:
            assert row["balance_minor"] + row["d"] == row["e"], "a balance is the sum of its entries"
            sums[row["currency"]] += row["e"]
            if row["kind"] == "DEPOSIT":
                assert row["balance_minor"] >= -row["credit_minor"], "no deposit is below its limit"
                self.deposits[row["channel_id"], row["currency"]] = row["e"] + row["credit_minor"]
            elif row["kind"] == "RECEIVABLE":
                assert row["e"] <= 0, "nobody is owed what it owes"
            elif row["kind"] == "HOLD":
                held[row["channel_id"], row["currency"]] = row["e"]
        assert not any(sums.values()), "each currency sums to zero"
        for deal in self.deals:
            if deal.stage is Stage.HELD:
                held[deal.trade.seller, deal.trade.currency] -= deal.trade.price_minor
        for _, channel, minor, currency in self.withdrawals:
            held[channel, currency] -= minor
        assert not any(held.values()), "what is held is what waits"

    def _check_pending(self, pending: Counter[tuple[UUID, UUID]], vested: set[UUID]) -> None:
        for deal in self.deals:
            order, seller = deal.trade.order_id, deal.trade.seller
            for place, minor in deal.expected().items():
                if isinstance(place, UUID) and place != seller and order not in vested:
                    pending[order, place] -= minor
        assert not any(pending.values()), "what has not vested is pending, and nothing else"

    def _check_deals(self, left: Sequence[Any]) -> None:
        by_order: dict[UUID | None, Counter[Place]] = defaultdict(Counter)
        for row in left:
            place = row["channel_id"] or PLACES.get(row["kind"], INCOME)
            by_order[row["order_id"]][place] += row["minor"]
        beside = by_order.pop(None, Counter())
        assert {place: n for place, n in beside.items() if n and place != CLEARING} == {
            channel: n for channel, n in self._moved().items() if n
        }, "what was paid in and out is in the deposits"
        for deal in self.deals:
            found, expected = by_order.pop(deal.trade.order_id, Counter()), deal.expected()
            assert {place: n for place, n in found.items() if n} == {
                place: n for place, n in expected.items() if n
            }, "everybody has what a deal leaves it"
            if deal.stage is Stage.PAID:
                price = sum(part.total_minor for part, _ in deal.parts)
                cost = sum(part.levels[0] for part in (*[part for part, _ in deal.parts], *deal.lost))
                assert deal.margins() == price - cost, "margins add up to the price less the cost"
        assert not by_order, "nothing is left of what was refused"

    def _moved(self) -> Counter[UUID]:
        found: Counter[UUID] = Counter()
        for (channel, _), minor in self.moved.items():
            found[channel] += minor
        return found


_OF_CHANNELS = ("DEPOSIT", "HOLD", "PENDING", "RECEIVABLE")
