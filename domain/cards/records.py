"""What use cases of cards hand to the store and get from it; what is secret in them does not print."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from domain.cards.secret import Secret
from domain.cards.views import CardView, RedemptionView


@dataclass(frozen=True, slots=True)
class Allocation:
    """Stock that goes from a channel to its child, or back where `quantity` is negative."""

    parent_id: UUID
    parent_is_root: bool
    child_id: UUID
    variant_id: UUID
    sku: str
    kind: str
    quantity: int
    at_most: bool = False
    """Whether less will do where there is less."""


@dataclass(frozen=True, slots=True)
class OwnedCard:
    """A locked card of a customer, with what a reveal needs."""

    view: CardView
    kind: str
    reveals: int
    viewer: str
    """The owner, masked."""
    order_number: str


@dataclass(frozen=True, slots=True)
class PastReveal:
    """What a key revealed."""

    card_id: UUID
    watermark: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenedCard:
    """A card's texts in the clear."""

    number: Secret | None
    secret: Secret


@dataclass(frozen=True, slots=True)
class Claim:
    """Which card is meant: by its secret (with a number or without), its number, or as the one presented."""

    secret: str | None = field(default=None, repr=False)
    number: str | None = field(default=None, repr=False)
    card_id: UUID | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class RedemptionDraft:
    """A redemption that is to be."""

    id: UUID
    key: str
    fingerprint: bytes = field(repr=False)
    """A keyed hash of what was asked, so that a repeat with another body is known."""
    lease: timedelta = timedelta(seconds=60)
    at_once: bool = True
    """Whether it succeeds in the same step."""


@dataclass(frozen=True, slots=True)
class FoundRedemption:
    """A redemption of before, and what was asked for it."""

    view: RedemptionView
    fingerprint: bytes = field(repr=False)
