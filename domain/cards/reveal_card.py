"""Revealing: the owner, and nobody else, looks at a card's secret, so many times, each on record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.identifiers import storable
from domain.access.permissions import CARDS_REVEAL
from domain.cards.importing.formats import CardForm
from domain.cards.refusals import CardNotRevealable, RevealExpired, RevealLimitReached
from domain.cards.states import USABLE
from domain.cards.views import RevealedCard
from domain.commands import Command, handles
from domain.refusals import Forbidden, IdempotencyConflict, InvalidInput, NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from domain.access.callers import Caller
    from domain.cards.records import OwnedCard, PastReveal
    from domain.cards.views import CardView
    from domain.work import UnitOfWork

LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class RevealCard(Command):
    """Look at one's own card. The same key shows it again while the reveal lasts, and counts once.

    Not an IdempotentCommand: those keep their answers, and this one must not be kept.
    """

    requires: ClassVar[str | None] = CARDS_REVEAL

    card_id: UUID
    idempotency_key: str


@handles(RevealCard)
async def reveal_card(command: RevealCard, caller: Caller, work: UnitOfWork) -> RevealedCard:
    """Whoever is not the owner is told that there is no such card."""
    check_key(command.idempotency_key)
    if caller.customer_id is None:
        raise Forbidden(CARDS_REVEAL)
    reveals = work.trace.reveals
    card = await reveals.lock_owned(command.card_id, caller.customer_id)
    if card is None:
        raise NotFound("card", "cardId")
    past = await reveals.past(caller.customer_id, command.idempotency_key)
    if past is not None:
        return await _again(card, past, work)
    if card.view.status not in USABLE:
        raise CardNotRevealable(card.view.status.value)
    limit = work.cards.terms.reveals_per_card
    if card.reveals >= limit:
        raise RevealLimitReached(limit)
    until = work.now + work.cards.terms.reveal_ttl
    watermark = watermark_of(card, work.now)
    view = await reveals.add(card, command.idempotency_key, watermark, until, caller)
    return await _shown(card, view, watermark, until, work)


async def _again(card: OwnedCard, past: PastReveal, work: UnitOfWork) -> RevealedCard:
    if past.card_id != card.view.id:
        raise IdempotencyConflict()
    if past.expires_at <= work.now:
        raise RevealExpired()
    if card.view.status not in USABLE:
        raise CardNotRevealable(card.view.status.value)
    return await _shown(card, card.view, past.watermark, past.expires_at, work)


async def _shown(
    card: OwnedCard, view: CardView, watermark: str, until: datetime, work: UnitOfWork
) -> RevealedCard:
    opened = await work.trace.reveals.open(card)
    is_link = card.kind == CardForm.LINK.value
    return RevealedCard(
        number=opened.number,
        secret=None if is_link else opened.secret,
        link=opened.secret if is_link else None,
        expires_at=until,
        watermark=watermark,
        card=view,
    )


def watermark_of(card: OwnedCard, at: datetime) -> str:
    """Who looked, at which order's card, and when."""
    return f"{card.viewer} · {card.order_number} · {at:%Y-%m-%d %H:%M:%S} UTC"


def check_key(key: str) -> None:
    """Raise InvalidInput for a key that is empty, too long, or no text."""
    if not 0 < len(key) <= LONGEST_KEY or not storable(key):
        raise InvalidInput(f"An idempotencyKey has 1 to {LONGEST_KEY} characters.", "idempotencyKey")
