"""Cards that are asked back: out of the buyer's hands at once, and then void, for sale again, or returned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.cards.states import CardState, CardStep
from domain.orders.refunds.refusals import RefundedCardStopped
from domain.refusals import NotFound
from persistence.cards import stock_sql as sql
from persistence.cards.transitions import cards_where, move, transition
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.refunds.records import Claim
    from persistence.work import Work

SEEN = "(c.reveals > 0 OR coalesce(c.state_before, c.state) IN ('REVEALED', 'ACTIVATED'))"
"""Whether somebody knows the secret of a card `c`, or it was activated: it is never sold again."""

FACTS = f"""SELECT c.id, c.fulfilment_id, c.state, c.state_before, {SEEN} AS seen, b.origin = 'MINT' AS minted
              FROM card c JOIN card_batch b ON b.id = c.batch_id
             WHERE c.fulfilment_id = ANY (CAST(:parts AS uuid[])) ORDER BY c.id"""

_ASKED_BACK = CardState.REFUND_PENDING
_CARDS = Statement(f"{FACTS} FOR UPDATE OF c")
_OF_REFUND = "r.refund_id = CAST(:refund AS uuid) AND r.card_id = {0}.id"
_KEPT = "EXISTS (SELECT FROM refund_card r WHERE {0} AND {1})"

_STOP = transition(
    cards_where(
        "c.id = ANY (CAST(:cards AS uuid[]))",
        CardStep.ASK_REFUND,
        place="c.channel_id",
        more=f"{SEEN} AS seen",
    ),
    (CardStep.ASK_REFUND,),
    then="""kept AS (
        INSERT INTO refund_card (refund_id, card_id, fulfilment_id, state, seen)
        SELECT CAST(:refund AS uuid), s.id, m.fulfilment_id, s.state, s.seen
          FROM stepped s JOIN moved m USING (id))""",
)
_PENDING = Statement("SELECT card_id FROM refund_card WHERE refund_id = :refund")


def _ended(outcome: str) -> str:
    """Write how the moved cards left the refund."""
    return f"""noted AS (UPDATE refund_card r SET outcome = '{outcome}' FROM moved m
                          WHERE {_OF_REFUND.format("m")})"""


def _pending(more: str) -> str:
    return f"c.state = 'REFUND_PENDING' AND {_KEPT.format(_OF_REFUND.format('c'), more)}"


_VOID = transition(
    cards_where(_pending("r.seen"), CardStep.VOID, place="c.channel_id"),
    (CardStep.VOID,),
    then=_ended("VOIDED"),
)
# The second condition repeats what the refund's row says, so that no card that was seen is ever sold again.
_RESTOCK = transition(
    cards_where(
        _pending("NOT r.seen") + " AND c.reveals = 0",
        CardStep.RESTOCK,
        place="c.channel_id",
        more=f"{sql.ORIGIN} AS back, c.fulfilment_id AS part",
    ),
    (CardStep.RESTOCK,),
    sets=sql.UNSOLD,
    then=f"""{_ended("RESTOCKED")},
    returned AS (
        UPDATE stock_level l SET available = l.available + t.quantity, head = least(l.head, t.first)
          FROM (SELECT s.variant_id, s.pool_id, count(*) AS quantity, min(s.seq) AS first
                  FROM stepped s JOIN moved m USING (id) GROUP BY 1, 2) t
         WHERE l.variant_id = t.variant_id AND l.pool_id = t.pool_id),
    ended AS (
        SELECT f.id, f.variant_id, f.created_at, n.path, count(*) AS quantity
          FROM stepped s JOIN moved m USING (id) JOIN fulfilment f ON f.id = s.part
          JOIN order_line n ON n.id = f.order_line_id GROUP BY f.id, n.path),
    {sql.GIVEN_BACK}""",
)
_FIND_USED = transition(
    cards_where(
        "c.id = ANY (CAST(:cards AS uuid[])) AND " + _pending("true"),
        CardStep.FIND_USED,
        place="c.channel_id",
    ),
    (CardStep.FIND_USED,),
    then=_ended("USED"),
)
_KEEP = transition(
    cards_where(
        _pending("true"),
        CardStep.KEEP,
        place="c.channel_id",
        more=f"(SELECT r.state FROM refund_card r WHERE {_OF_REFUND.format('c')}) AS back",
    ),
    (CardStep.KEEP,),
    then=f"""{_ended("KEPT")},
    frozen AS (
        UPDATE card c SET state_before = r.state FROM refund_card r
         WHERE {_OF_REFUND.format("c")} AND c.state = 'FROZEN' AND c.state_before = 'REFUND_PENDING')""",
)


async def lock_cards(on: Any, part_ids: Sequence[UUID]) -> list[Any]:
    """The gates of the parts' stock, then their cards, with what refunds ask of each."""
    await sql.LOCK_RESERVED.all(on, fulfilments=list(part_ids))
    return await _CARDS.all(on, parts=list(part_ids))


class StoredCardRefunds:
    """Fills `domain.orders.refunds.ports.CardRefunds`."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def stop(self, claims: Sequence[Claim], caller: Caller) -> None:
        """The cards are locked: what the rules chose is what there is."""
        cards = [card for claim in claims for card in claim.cards]
        await move(self._work, _STOP, caller, "refund asked for", refund=_refund(claims), cards=cards)

    async def take_back(self, claims: Sequence[Claim], caller: Caller) -> list[UUID]:
        """Behind the gates, for what was never seen goes back to stock."""
        refund = _refund(claims)
        cards = await lock_cards(self._work.connection, _parts(claims))
        pending = {row["card_id"] for row in await _PENDING.all(self._work.connection, refund=refund)}
        stopped = [row["state"] for row in cards if row["id"] in pending and row["state"] != _ASKED_BACK]
        if stopped:
            raise RefundedCardStopped(stopped[0])
        reserved = [row["fulfilment_id"] for row in cards if row["state"] == CardState.RESERVED]
        if len(pending) + len(reserved) != sum(claim.units for claim in claims):
            # It was delivered after it was asked back, as when a group of buyers was complete meanwhile.
            raise RefundedCardStopped(CardState.DELIVERED)
        await move(self._work, _VOID, caller, "refunded", refund=refund)
        await move(self._work, _RESTOCK, caller, "refunded", refund=refund)
        return list(dict.fromkeys(reserved))

    async def let_go(self, claims: Sequence[Claim], used: Sequence[UUID], caller: Caller) -> None:
        """A frozen card stays so, and is the buyer's when it is cleared."""
        refund = _refund(claims)
        await lock_cards(self._work.connection, _parts(claims))
        if used:
            reason = "its issuer says that it was used"
            found = await move(self._work, _FIND_USED, caller, reason, refund=refund, cards=list(used))
            if len(found) != len(set(used)):
                raise NotFound("card of this refund", "usedCardIds")
        await move(self._work, _KEEP, caller, "refund rejected", refund=refund)


def _refund(claims: Sequence[Claim]) -> UUID:
    return claims[0].refund_id


def _parts(claims: Sequence[Claim]) -> list[UUID]:
    return [claim.part_id for claim in claims]
