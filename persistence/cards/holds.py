"""Stopping cards: freezing and expiring take unsold ones out of stock, behind the gate like all that take."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.cards.states import CardStep
from persistence.cards import stock_sql as sql
from persistence.cards.rows import COLUMNS, card_of
from persistence.cards.transitions import cards_where, guard, move, transition
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.records import OwnedCard
    from domain.cards.views import CardView
    from persistence.work import Work

_TRIES = 5
_FREE = "('IN_STOCK', 'ALLOCATED')"

_PLACE = Statement("SELECT variant_id, pool_id FROM card WHERE id = :card")
_GATE = sql.lock(
    "SELECT * FROM unnest(CAST(:variants AS uuid[]), CAST(:pools AS uuid[]))",
    "SELECT CAST(NULL AS uuid), CAST(NULL AS uuid) WHERE false",
)
_LOCK = Statement(
    f"""SELECT {COLUMNS} FROM card c JOIN variant v ON v.id = c.variant_id
         WHERE c.id = :card AND c.pool_id = :pool FOR UPDATE OF c"""
)
_SOLD_OR_HELD = "coalesce(c.channel_id, c.pool_id)"

_FREEZE = transition(
    cards_where("c.id = :card", CardStep.FREEZE, place=_SOLD_OR_HELD),
    (CardStep.FREEZE,),
    sets="state_before = stepped.state",
    then=f"""level AS (
        UPDATE stock_level l SET available = l.available - 1 FROM stepped s
         WHERE s.state IN {_FREE} AND l.variant_id = s.variant_id AND l.pool_id = s.pool_id)""",
)
_UNFREEZE = transition(
    cards_where("c.id = :card", CardStep.UNFREEZE, place=_SOLD_OR_HELD, more="c.state_before AS back"),
    (CardStep.UNFREEZE,),
    sets="state_before = NULL",
    then=f"""level AS (
        UPDATE stock_level l SET available = l.available + 1, head = least(l.head, s.seq) FROM stepped s
         WHERE s.back IN {_FREE} AND l.variant_id = s.variant_id AND l.pool_id = s.pool_id)""",
)
_ACTIVATE = transition(
    cards_where("c.id = :card", CardStep.ACTIVATE, place="c.channel_id"), (CardStep.ACTIVATE,)
)

_UNSOLD_DUE = f"""c.state IN {_FREE} AND c.expires_at <= now() + CAST(:margin AS interval)"""
_DUE_POOLS = Statement(
    f"""SELECT DISTINCT variant_id, pool_id FROM
        (SELECT c.variant_id, c.pool_id FROM card c WHERE {_UNSOLD_DUE} LIMIT CAST(:limit AS bigint)) due"""
)
_EXPIRE_UNSOLD = transition(
    f"""SELECT c.id, c.state, c.ordinal, c.last_hash, c.variant_id, c.pool_id, c.seq, c.pool_id AS place,
               c.order_id AS order_of
          FROM card c WHERE {_UNSOLD_DUE} AND (c.variant_id, c.pool_id) IN
               (SELECT * FROM unnest(CAST(:variants AS uuid[]), CAST(:pools AS uuid[])))
         ORDER BY c.id LIMIT CAST(:limit AS bigint) FOR UPDATE""",
    (CardStep.EXPIRE,),
    then="""levels AS (
        UPDATE stock_level l SET available = l.available - t.n
          FROM (SELECT s.variant_id, s.pool_id, count(*) AS n FROM stepped s JOIN moved m ON m.id = s.id
                 GROUP BY 1, 2) t
         WHERE l.variant_id = t.variant_id AND l.pool_id = t.pool_id)""",
)
# A card under refund is the refund's to end; a reserved one is given back within minutes.
_EXPIRE_SOLD = transition(
    f"""SELECT c.id, c.state, c.ordinal, c.last_hash, c.variant_id, c.pool_id, c.seq,
               {_SOLD_OR_HELD} AS place, c.order_id AS order_of
          FROM card c WHERE c.expires_at <= now() - CAST(:grace AS interval) AND {guard(CardStep.EXPIRE)}
           AND c.state NOT IN ('IN_STOCK', 'ALLOCATED', 'RESERVED', 'REFUND_PENDING')
           AND coalesce(c.state_before, '') <> 'REFUND_PENDING'
         ORDER BY c.expires_at LIMIT CAST(:limit AS bigint) FOR UPDATE SKIP LOCKED""",
    (CardStep.EXPIRE,),
)


class StoredHolds:
    """Fills `domain.cards.ports.Holds`."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def lock(self, card_id: UUID) -> CardView | None:
        """The gate of the card's pool, then the card; again where it has just gone to another pool."""
        on = self._work.connection
        for _ in range(_TRIES):
            place = await _PLACE.one(on, card=card_id)
            if place is None:
                return None
            await _GATE.all(on, variants=[place["variant_id"]], pools=[place["pool_id"]])
            row = await _LOCK.one(on, card=card_id, pool=place["pool_id"])
            if row is not None:
                return card_of(row)
        return None

    async def freeze(self, card: CardView, reason: str, caller: Caller) -> CardView:
        """Stop a locked card."""
        (moved,) = await move(self._work, _FREEZE, caller, reason, card=card.id)
        return card_of(moved)

    async def unfreeze(self, card: CardView, reason: str, caller: Caller) -> CardView:
        """Back to where it was."""
        (moved,) = await move(self._work, _UNFREEZE, caller, reason, card=card.id)
        return card_of(moved)

    async def activate(self, card: OwnedCard, caller: Caller) -> CardView:
        """Activate a locked card."""
        (moved,) = await move(self._work, _ACTIVATE, caller, card=card.view.id)
        return card_of(moved)

    async def expire(self, limit: int, caller: Caller) -> int:
        """Unsold ones first, behind the gates of their pools."""
        on, terms = self._work.connection, self._work.cards.terms
        pools = await _DUE_POOLS.all(on, margin=terms.sell_margin, limit=limit)
        ended = 0
        if pools:
            gates = {
                "variants": [row["variant_id"] for row in pools],
                "pools": [row["pool_id"] for row in pools],
            }
            await _GATE.all(on, **gates)
            reason = "ends too soon to be sold"
            ended = len(
                await move(
                    self._work, _EXPIRE_UNSOLD, caller, reason, margin=terms.sell_margin, limit=limit, **gates
                )
            )
        sold = await move(
            self._work, _EXPIRE_SOLD, caller, "its time is over", grace=terms.expiry_grace, limit=limit
        )
        return ended + len(sold)
