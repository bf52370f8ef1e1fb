"""Stopping cards: frozen by risk or headquarters, activated by their owners, expired by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.identifiers import storable
from domain.access.permissions import CARDS_FREEZE, CARDS_REVEAL
from domain.cards.refusals import CardNotActivatable, CardNotFreezable, CardNotFrozen
from domain.cards.states import TRANSITIONS, CardState, CardStep
from domain.commands import Command, handles
from domain.refusals import Forbidden, InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.views import CardView
    from domain.work import UnitOfWork

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class FreezeCard(Command):
    """Stop a card where it is."""

    requires: ClassVar[str | None] = CARDS_FREEZE

    card_id: UUID
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip() or len(self.reason) > LONGEST_REASON or not storable(self.reason):
            raise InvalidInput(f"A reason is text of 1 to {LONGEST_REASON} characters.", "reason")


@dataclass(frozen=True, slots=True)
class UnfreezeCard(FreezeCard):
    """Let a frozen card go on."""


@dataclass(frozen=True, slots=True)
class ActivateCard(Command):
    """The owner activates a card, where the product needs it."""

    requires: ClassVar[str | None] = CARDS_REVEAL

    card_id: UUID


@dataclass(frozen=True, slots=True)
class ExpireCards(Command):
    """End up to `limit` cards whose time is over; answers how many there were."""

    limit: int = 500


@handles(FreezeCard)
async def freeze_card(command: FreezeCard, caller: Caller, work: UnitOfWork) -> CardView:
    """A card that is frozen already stays as it is."""
    card = await _locked(command.card_id, caller, work)
    if card.status is CardState.FROZEN:
        return card
    if (card.status, CardStep.FREEZE) not in TRANSITIONS:
        raise CardNotFreezable(card.status.value)
    return await work.trace.holds.freeze(card, command.reason, caller)


@handles(UnfreezeCard)
async def unfreeze_card(command: UnfreezeCard, caller: Caller, work: UnitOfWork) -> CardView:
    """Back to the state that was kept."""
    card = await _locked(command.card_id, caller, work)
    if card.status is not CardState.FROZEN:
        raise CardNotFrozen(card.status.value)
    return await work.trace.holds.unfreeze(card, command.reason, caller)


@handles(ActivateCard)
async def activate_card(command: ActivateCard, caller: Caller, work: UnitOfWork) -> CardView:
    """An activated card stays as it is."""
    if caller.customer_id is None:
        raise Forbidden(CARDS_REVEAL)
    card = await work.trace.reveals.lock_owned(command.card_id, caller.customer_id)
    if card is None:
        raise NotFound("card", "cardId")
    if card.view.status is CardState.ACTIVATED:
        return card.view
    if (card.view.status, CardStep.ACTIVATE) not in TRANSITIONS:
        raise CardNotActivatable(card.view.status.value)
    return await work.trace.holds.activate(card, caller)


@handles(ExpireCards)
async def expire_cards(command: ExpireCards, caller: Caller, work: UnitOfWork) -> int:
    """Unsold cards when they could not be sold any more, sold ones when their grace is over."""
    return await work.trace.holds.expire(command.limit, caller)


async def _locked(card_id: UUID, caller: Caller, work: UnitOfWork) -> CardView:
    """Any card, for those who may freeze: headquarters."""
    found = await work.trace.holds.lock(card_id) if caller.at_headquarters else None
    if found is None:
        raise NotFound("card", "cardId")
    return found
