"""The stock of one transaction: taking and returning goods behind one gate, so that nothing is sold twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.cards.refusals import StockExhausted
from domain.catalog.fulfilment import Stock
from domain.catalog.kinds import kind_of
from persistence.cards import stock_sql as sql
from persistence.cards.allocation import allocate
from persistence.cards.terms import terms_of
from persistence.cards.transitions import move

if TYPE_CHECKING:
    import asyncpg

    from domain.access.callers import Caller
    from domain.cards.ports import Demand
    from domain.cards.records import Allocation
    from domain.cards.terms import CardTerms
    from domain.cards.views import StockQuotaView
    from persistence.work import Work

_GATED = (Stock.CARDS, Stock.COUNT)


class CardsMissing(Exception):
    """A paid part has fewer cards than it reserved: a fault, and the payment is rolled back."""


class StoredCards:
    """Fills `domain.cards.ports.CardStock`."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @property
    def _on(self) -> Any:
        return self._work.connection

    @property
    def terms(self) -> CardTerms:
        """The settings that dealing with cards follows."""
        return terms_of(self._work.tools.settings)

    async def reserve(self, demands: Sequence[Demand], caller: Caller) -> None:
        """Lock the gate, see that everything is there, and take it: two statements, three with quotas."""
        if not demands:
            return
        (channel,) = {demand.channel_id for demand in demands}
        locked = await sql.LOCK.all(
            self._on,
            variants=[demand.variant_id for demand in demands],
            pools=[demand.pool_id for demand in demands],
            channel=channel,
        )
        left = _Left(locked)
        await left.read_promises(self._on)
        left.check(demands)
        taken = await self._take(demands, channel, caller)
        short = {demand.fulfilment_id: demand.quantity for demand in demands if _is_card(demand)}
        if len(taken) < sum(short.values()):
            raise _shortage(demands, taken)

    async def _take(self, demands: Sequence[Demand], channel: UUID, caller: Caller) -> list[asyncpg.Record]:
        return await move(
            self._work,
            sql.TAKE,
            caller,
            channel=channel,
            margin=self.terms.sell_margin,
            fulfilments=[demand.fulfilment_id for demand in demands],
            orders=[demand.order_id for demand in demands],
            lines=[demand.order_line_id for demand in demands],
            variants=[demand.variant_id for demand in demands],
            kinds=[demand.kind for demand in demands],
            pools=[demand.pool_id for demand in demands],
            customers=[demand.customer_id for demand in demands],
            quantities=[demand.quantity for demand in demands],
        )

    async def deliver(self, fulfilment_ids: Sequence[UUID], caller: Caller) -> None:
        """RESERVED → SOLD → DELIVERED; raises CardsMissing where not all of it is there."""
        ids = list(fulfilment_ids)
        moved = await move(self._work, sql.DELIVER, caller, fulfilments=ids)
        if moved and moved[0]["due"] == len(moved):
            return
        if await sql.UNDELIVERED.all(self._on, fulfilments=ids):
            raise CardsMissing("A part that was paid does not have all of its cards.")

    async def release(self, fulfilment_ids: Sequence[UUID], caller: Caller, reason: str) -> None:
        """Back to where it was; the gate is locked first."""
        ids = list(fulfilment_ids)
        await sql.LOCK_RESERVED.all(self._on, fulfilments=ids)
        await move(self._work, sql.RELEASE, caller, reason, fulfilments=ids)

    async def assign_customer(self, order_ids: Sequence[UUID], customer_id: UUID) -> None:
        """Cards of guests only: nobody's card changes hands."""
        await sql.ASSIGN.run(self._on, orders=list(order_ids), customer=customer_id)

    async def allocate(self, wanted: Allocation, caller: Caller) -> StockQuotaView:
        """Move stock between a channel and its child."""
        return await allocate(self._work, wanted, caller)


class _Left:
    """What can be taken, by the rows that were locked."""

    def __init__(self, locked: Sequence[asyncpg.Record]) -> None:
        self._levels = {
            (row["variant_id"], row["holder_id"]): row["available"] for row in locked if not row["is_quota"]
        }
        self._quotas: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
        for row in locked:
            if row["is_quota"]:
                self._quotas[row["variant_id"]].append((row["holder_id"], row["available"]))
        self._promised: dict[UUID, int] = {}

    async def read_promises(self, connection: Any) -> None:
        """What the last holder on the path promised to its children is not for others."""
        if not self._quotas:
            return
        variants = list(self._quotas)
        holders = [self._quotas[variant][-1][0] for variant in variants]
        rows = await sql.HANDED_ON.all(connection, variants=variants, holders=holders)
        self._promised = {row["variant_id"]: row["quantity"] for row in rows}

    def of(self, demand: Demand) -> int | None:
        """How many of a demand's variant can be taken; None where nothing limits it."""
        limits = [available for _, available in self._quotas[demand.variant_id]]
        if limits:
            limits[-1] -= self._promised.get(demand.variant_id, 0)
        if kind_of(demand.kind).stock in _GATED:
            pool = demand.pool_id
            limits.append(0 if pool is None else self._levels.get((demand.variant_id, pool), 0))
        return max(min(limits), 0) if limits else None

    def check(self, demands: Sequence[Demand]) -> None:
        """Raise StockExhausted for the first variant of which all demands together want too much."""
        wanted: dict[UUID, int] = defaultdict(int)
        for demand in demands:
            wanted[demand.variant_id] += demand.quantity
        for demand in demands:
            left = self.of(demand)
            if left is not None and wanted[demand.variant_id] > left:
                raise StockExhausted(demand.sku, wanted[demand.variant_id], left)


def _is_card(demand: Demand) -> bool:
    return kind_of(demand.kind).stock is Stock.CARDS


def _shortage(demands: Sequence[Demand], taken: Sequence[asyncpg.Record]) -> StockExhausted:
    """Cards that end too soon are counted until the timer has swept them: what was found is what is left."""
    wanted: dict[str, int] = defaultdict(int)
    found: dict[str, int] = defaultdict(int)
    for demand in demands:
        wanted[demand.sku] += demand.quantity if _is_card(demand) else 0
    for row in taken:
        found[row["sku"]] += 1
    sku = next(sku for sku in wanted if found[sku] < wanted[sku])
    return StockExhausted(sku, wanted[sku], found[sku])
