"""The stock of one transaction: taking and returning goods behind one gate, so that nothing is sold twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from persistence.cards import stock_sql as sql
from persistence.cards.allocation import allocate
from persistence.cards.gate import Gate, is_count
from persistence.cards.periods import counted
from persistence.cards.terms import terms_of
from persistence.cards.transitions import actors_of, move, record
from persistence.repository import Repository
from persistence.sharing.stops import Asked, Turn, stop

if TYPE_CHECKING:
    import asyncpg

    from domain.access.callers import Caller
    from domain.cards.ports import Demand, Held
    from domain.cards.records import Allocation
    from domain.cards.terms import CardTerms
    from domain.cards.views import StockQuotaView
    from domain.refusals import Refusal
    from persistence.statements import Connection


class CardsMissing(Exception):
    """A paid part has fewer cards than it reserved: a fault, and the payment is rolled back."""


class StoredCards(Repository):
    """Fills `domain.cards.ports.CardStock`."""

    @property
    def terms(self) -> CardTerms:
        """The settings that dealing with cards follows."""
        return terms_of(self._settings)

    async def hold(self, demands: Sequence[Demand]) -> list[Held]:
        """Lock the gate and see that everything is there."""
        return await _hold(self._work, demands) if demands else []

    async def reserve(self, held: Sequence[Held], caller: Caller) -> None:
        """Take what is held: one statement."""
        if any(one.card_ids or one.holders or one.periods or is_count(one.demand) for one in held):
            await _take(self._work, (held, caller))

    async def deliver(self, fulfilment_ids: Sequence[UUID], caller: Caller) -> None:
        """RESERVED → SOLD → DELIVERED; raises CardsMissing where not all of it is there."""
        await _deliver(self._work, (fulfilment_ids, caller))

    async def release(self, fulfilment_ids: Sequence[UUID], caller: Caller, reason: str) -> None:
        """Back to where it was; the gate is locked first."""
        ids = list(fulfilment_ids)
        await sql.LOCK_RESERVED.all(self._on, fulfilments=ids)
        await move(self._work, sql.RELEASE, caller, reason, fulfilments=ids)

    async def lock(self, fulfilment_ids: Sequence[UUID]) -> None:
        """Levels, allocations, quotas."""
        await sql.LOCK_RESERVED.all(self._on, fulfilments=list(fulfilment_ids))

    async def put_back(self, counts: Mapping[UUID, int]) -> None:
        """Behind the gate."""
        await sql.LOCK_RESERVED.all(self._on, fulfilments=list(counts))
        await sql.PUT_BACK.run(self._on, fulfilments=list(counts), quantities=list(counts.values()))

    async def assign_customer(self, order_ids: Sequence[UUID], customer_id: UUID) -> None:
        """Cards of guests only: nobody's card changes hands."""
        await sql.ASSIGN.run(self._on, orders=list(order_ids), customer=customer_id)

    async def allocate(self, wanted: Allocation, caller: Caller) -> StockQuotaView:
        """Move stock between a channel and its child."""
        return await allocate(self._work, wanted, caller)


@stop(Turn.GATE, holds=True)
async def _hold(on: Connection, asked: Sequence[Asked[Sequence[Demand]]]) -> list[list[Held] | Refusal]:
    """All gates at once; then whoever came first gets first."""
    gate = await Gate.locked(on, [demand for one in asked for demand in one.what], _margin(asked))
    return [gate.meet(one.what) for one in asked]


@stop(Turn.TAKING, writes=True)
async def _take(
    on: Connection, asked: Sequence[Asked[tuple[Sequence[Held], Caller]]]
) -> list[Refusal | None]:
    cards = [
        (card, one.demand, ask.what[1], ask.work.request_id)
        for ask in asked for one in ask.what[0] for card in one.card_ids
    ]  # fmt: skip
    moved = await sql.TAKE.all(
        on,
        cards=[card for card, *_ in cards],
        places=[demand.channel_id for _, demand, *_ in cards],
        orders=[demand.order_id for _, demand, *_ in cards],
        lines=[demand.order_line_id for _, demand, *_ in cards],
        fulfilments=[demand.fulfilment_id for _, demand, *_ in cards],
        customers=[demand.customer_id for _, demand, *_ in cards],
        reason="",
        **actors_of((caller, request_id) for _, _, caller, request_id in cards),
        **_spent([held for ask in asked for held in ask.what[0]]),
    )
    if len(moved) < len(cards):
        raise CardsMissing("A card was taken past the gate.")
    _tell(asked, moved, lambda ask: [held.demand.fulfilment_id for held in ask.what[0]])
    return [None] * len(asked)


@stop(Turn.DELIVERY, writes=True)
async def _deliver(
    on: Connection, asked: Sequence[Asked[tuple[Sequence[UUID], Caller]]]
) -> list[Refusal | None]:
    ids = [part for ask in asked for part in ask.what[0]]
    actors = actors_of((ask.what[1], ask.work.request_id) for ask in asked for _ in ask.what[0])
    moved = await sql.DELIVER.all(on, fulfilments=ids, reason="", **actors)
    complete = bool(moved) and moved[0]["due"] == len(moved)
    # A card that was frozen meanwhile is delivered behind its state, and not among those that moved.
    if not complete and await sql.UNDELIVERED.all(on, fulfilments=ids):
        raise CardsMissing("A part that was paid does not have all of its cards.")
    _tell(asked, moved, lambda ask: ask.what[0])
    return [None] * len(asked)


def _margin(asked: Sequence[Asked[Any]]) -> timedelta:
    return terms_of(asked[0].work.tools.settings).sell_margin


def _spent(held: Sequence[Held]) -> dict[str, list[Any]]:
    """What is taken of counts and quotas, each row once."""
    counts: dict[tuple[UUID, UUID | None], int] = defaultdict(int)
    uses: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for one in held:
        if is_count(one.demand):
            counts[one.demand.variant_id, one.demand.pool_id] += one.demand.quantity
        for holder in one.holders:
            uses[one.demand.variant_id, holder] += one.demand.quantity
    return {
        "counted": [variant for variant, _ in counts],
        "count_pools": [pool for _, pool in counts],
        "counts": list(counts.values()),
        "capped": [variant for variant, _ in uses],
        "holders": [holder for _, holder in uses],
        "uses": list(uses.values()),
        **counted(held),
    }


def _tell(
    asked: Sequence[Asked[Any]],
    moved: Sequence[asyncpg.Record],
    parts_of: Callable[[Asked[Any]], Iterable[UUID]],
) -> None:
    """Record what became of cards in the work of whoever asked for it."""
    works = {part: ask.work for ask in asked for part in parts_of(ask)}
    for row in moved:
        record(works[row["fulfilment_id"]], [row])
