"""The settings of cards, as the domain reads them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.cards.terms import CardTerms

if TYPE_CHECKING:
    from persistence.settings import Settings


def terms_of(settings: Settings) -> CardTerms:
    """The operator's figures."""
    return CardTerms(
        reveals_per_card=settings.reveals_per_card,
        reveal_ttl=timedelta(minutes=settings.reveal_minutes),
        redemption_lease=timedelta(seconds=settings.redemption_lease_s),
        redemption_answer_s=settings.redemption_answer_ms / 1000,
        redemption_free_tries=settings.redemption_free_tries,
        sell_margin=timedelta(hours=settings.sell_margin_hours),
        allocation_most=settings.allocation_most,
        expiry_grace=timedelta(hours=settings.expiry_grace_hours),
    )
