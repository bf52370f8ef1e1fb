"""What is left behind locked gates, while the demands of a transaction are met one after another."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.cards.ports import Held
from domain.cards.refusals import StockExhausted
from domain.catalog.fulfilment import Stock
from domain.catalog.kinds import kind_of
from persistence.cards import stock_sql as sql
from persistence.cards.periods import Periods

if TYPE_CHECKING:
    import asyncpg

    from domain.cards.ports import Demand
    from persistence.statements import Connection

Place = tuple[UUID, UUID]
"""A variant, and the channel that holds something of it."""

_GATED = (Stock.CARDS, Stock.COUNT)


class Gate:
    """Stock levels, quotas and free cards; whoever asks first gets first."""

    def __init__(self, locked: Iterable[asyncpg.Record]) -> None:
        self.levels: dict[Place, int] = {}
        self.quotas: dict[Place, int] = {}
        self.periods = Periods()
        for row in locked:
            if row["what"] == "PERIOD":
                self.periods.add(row)
            else:
                of = self.quotas if row["what"] == "QUOTA" else self.levels
                of[row["variant_id"], row["holder_id"]] = row["available"]
        self._promised: dict[Place, int] = {}
        self._cards: dict[Place, deque[UUID]] = defaultdict(deque)

    @classmethod
    async def locked(cls, on: Connection, demands: Sequence[Demand], margin: timedelta) -> Gate:
        """Lock what demands need, in key order, and read what there is: two statements, three with quotas.

        The cards are read by a statement of their own: one that waits for a lock does not see what was taken
        while it waited. Cards that end within `margin` are not sold.
        """
        places = list({(one.variant_id, one.pool_id): None for one in demands if one.pool_id is not None})
        caps = list({(one.variant_id, holder): None for one in demands for holder in one.path})
        gate = cls(
            await sql.LOCK.all(
                on,
                variants=[variant for variant, _ in places],
                pools=[pool for _, pool in places],
                capped=[variant for variant, _ in caps],
                holders=[holder for _, holder in caps],
            )
        )
        await gate._read_promises(on)
        await gate._read_cards(on, demands, margin)
        return gate

    async def _read_promises(self, on: Connection) -> None:
        """What the last holder on a path promised to its children is not for others."""
        if self.quotas:
            variants, holders = [variant for variant, _ in self.quotas], [holder for _, holder in self.quotas]
            rows = await sql.HANDED_ON.all(on, variants=variants, holders=holders)
            self._promised = {(row["variant_id"], row["holder_id"]): row["quantity"] for row in rows}

    async def _read_cards(self, on: Connection, demands: Sequence[Demand], margin: timedelta) -> None:
        """What was found is what is left: cards that end too soon are counted until the timer sweeps them."""
        wanted: dict[Place, int] = defaultdict(int)
        for one in demands:
            if is_card(one) and one.pool_id is not None:
                wanted[one.variant_id, one.pool_id] += one.quantity
        limits = {place: min(count, self.levels.get(place, 0)) for place, count in wanted.items()}
        limits = {place: limit for place, limit in limits.items() if limit > 0}
        if not limits:
            return
        rows = await sql.FREE.all(
            on,
            variants=[variant for variant, _ in limits],
            pools=[pool for _, pool in limits],
            quantities=list(limits.values()),
            margin=margin,
        )
        for row in rows:
            self._cards[row["variant_id"], row["pool_id"]].append(row["id"])
        for place, limit in limits.items():
            if len(self._cards[place]) < limit:
                self.levels[place] = len(self._cards[place])

    def left_for(self, demand: Demand) -> int | None:
        """How many of a demand's variant can be taken; None where nothing limits it."""
        holders = self._holders(demand)
        limits = [self.quotas[demand.variant_id, holder] for holder in holders]
        if holders:
            limits[-1] -= self._promised.get((demand.variant_id, holders[-1]), 0)
        if kind_of(demand.kind).stock in _GATED:
            pool = demand.pool_id
            limits.append(0 if pool is None else self.levels.get((demand.variant_id, pool), 0))
        limits += self.periods.left_for(demand)
        return max(min(limits), 0) if limits else None

    def meet(self, demands: Sequence[Demand]) -> list[Held] | StockExhausted:
        """Take all of them out, or tell of which variant all together want too much."""
        wanted: dict[UUID, int] = defaultdict(int)
        for demand in demands:
            wanted[demand.variant_id] += demand.quantity
        for demand in demands:
            left = self.left_for(demand)
            if left is not None and wanted[demand.variant_id] > left:
                return StockExhausted(demand.sku, wanted[demand.variant_id], left)
        return [self._take(demand) for demand in demands]

    def _take(self, demand: Demand) -> Held:
        variant, count = demand.variant_id, demand.quantity
        cards: tuple[UUID, ...] = ()
        holders = self._holders(demand)
        for holder in holders:
            self.quotas[variant, holder] -= count
        for above in demand.path[:-1]:
            below = demand.path[demand.path.index(above) + 1]
            if below in holders and (variant, above) in self._promised:
                self._promised[variant, above] -= count
        if kind_of(demand.kind).stock in _GATED and demand.pool_id is not None:
            place = variant, demand.pool_id
            self.levels[place] -= count
            if is_card(demand):
                cards = tuple(self._cards[place].popleft() for _ in range(count))
        return Held(demand, cards, holders, self.periods.take(demand))

    def _holders(self, demand: Demand) -> tuple[UUID, ...]:
        """Those of its path that have a quota, from headquarters down."""
        return tuple(holder for holder in demand.path if (demand.variant_id, holder) in self.quotas)


def is_card(demand: Demand) -> bool:
    """Whether single cards are taken for it."""
    return kind_of(demand.kind).stock is Stock.CARDS


def is_count(demand: Demand) -> bool:
    """Whether it is taken from a count."""
    return kind_of(demand.kind).stock is Stock.COUNT
