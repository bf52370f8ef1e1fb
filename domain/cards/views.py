"""What is shown of cards and stock; secrets only in what their owner revealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.cards.secret import Secret
from domain.cards.states import CardState
from domain.selected import Joining


@dataclass(frozen=True, slots=True)
class CardView(Joining):
    """A card to those who may see it."""

    id: UUID
    sku: str
    status: CardState
    masked: str
    expires_at: datetime | None
    channel_id: UUID
    """The selling channel; of unsold cards the one whose stock it is."""
    order_id: UUID | None
    order_line_id: UUID | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class StockQuotaView(Joining):
    """What a channel was handed of a SKU."""

    id: UUID
    sku: str
    channel_id: UUID
    granted: int
    used: int

    @property
    def left(self) -> int:
        """What the channel and those below it can still sell."""
        return self.granted - self.used


@dataclass(frozen=True, slots=True)
class RevealedCard:
    """A card's secret, for its owner's eyes; it is never kept, and cannot be pickled or turned into JSON."""

    number: Secret | None
    secret: Secret | None
    link: Secret | None
    expires_at: datetime
    watermark: str
    card: CardView


class RedemptionStatus(StrEnum):
    """How a redemption stands."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class RedemptionOutcome(StrEnum):
    """What a redeemer says of what it began; that it does not know is not for it to say."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class RedemptionView:
    """A card's use."""

    id: UUID
    at: datetime
    status: RedemptionStatus
    lease_until: datetime | None
    """Until when a pending one is to be settled."""
    card: CardView


class ActorKind(StrEnum):
    """Who takes steps with cards; SYSTEM is our own worker."""

    STOREFRONT = "STOREFRONT"
    CUSTOMER = "CUSTOMER"
    AGENT = "AGENT"
    API_CLIENT = "API_CLIENT"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, by kind and name."""

    kind: ActorKind
    name: str


@dataclass(frozen=True, slots=True)
class TraceEventView:
    """One step in a card's life."""

    at: datetime
    from_: CardState | None
    to: CardState
    actor: Actor
    channel_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class CardTraceView:
    """Through whose hands a card went."""

    card: CardView
    chain_intact: bool
    events: list[TraceEventView]


@dataclass(frozen=True, slots=True)
class PresentationView:
    """The code that a buyer shows at a counter now."""

    token: str
    expires_at: datetime
    """When the next one comes; the verifier takes this one a step longer."""
    card_id: UUID
