"""Cards from stock: reserved when the order was placed, the buyer's as soon as it is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.cards.states import HELD, CardState
from domain.catalog.fulfilment import Progress
from domain.orders.refunds.standing import Standing
from domain.orders.status import PartStatus

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import PartRecord
    from domain.orders.refunds.records import Claim
    from domain.orders.refunds.standing import CardFact, PartFacts
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork


@dataclass(frozen=True)
class Cards:
    """The reserved cards are sold and delivered in the transaction of the payment."""

    async def begin(
        self, order: OrderView, parts: Sequence[PartRecord], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """Deliver everything at once."""
        await work.cards.deliver([part.id for part in parts], caller)
        return {part.id: PartStatus.FULFILLED for part in parts}

    def standing(self, part: PartFacts) -> Standing:
        """By the cards' states: what is being used or frozen is open, what has ended is used up."""
        held = sorted((card for card in part.cards if card.state in HELD), key=_worth)
        ended = sum(card.state in (CardState.REDEEMED, CardState.EXPIRED) for card in part.cards)
        frozen = [card for card in part.cards if card.state is CardState.FROZEN]
        open_ones = sum(card.before is not CardState.REFUND_PENDING for card in frozen)
        open_ones += sum(card.state is CardState.REDEEMING for card in part.cards)
        seen = sum(card.seen for card in held)
        progress = Progress(part.quantity, delivered=len(held), revealed=seen, used=ended)
        unbegun = any(card.state is CardState.RESERVED for card in part.cards)
        return Standing(progress, open_ones, unbegun, tuple(held))

    async def stop(self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork) -> None:
        """The cards can neither be shown nor used."""
        await work.trace.refunds.stop(claims, caller)

    async def take_back(
        self, claims: Sequence[Claim], caller: Caller, work: UnitOfWork
    ) -> Mapping[UUID, PartStatus]:
        """Cards that were seen are void, the others are for sale again; what was delivered stays so."""
        undelivered = await work.trace.refunds.take_back(claims, caller)
        if undelivered:
            await work.cards.release(undelivered, caller, "refunded")
        return dict.fromkeys(undelivered, PartStatus.FAILED)

    async def let_go(
        self, claims: Sequence[Claim], used: Sequence[UUID], caller: Caller, work: UnitOfWork
    ) -> None:
        """Back to where each was, or REDEEMED."""
        await work.trace.refunds.let_go(claims, used, caller)


def _worth(card: CardFact) -> tuple[bool, bool, bool]:
    """Unseen cards are asked back first, for they are sold again; then codes that we honour alone."""
    return card.seen, not card.minted, card.state is CardState.ACTIVATED


METHOD = Cards()
