"""Orders as they are shown, and as an answer is kept for repeats: no secret and no contact data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.channels.views import PriceStepView
from domain.money import Money
from domain.orders.status import OrderStatus, PartStatus, RefundStatus
from domain.promotions.applying import Outcome
from domain.promotions.promotion import Phase
from domain.refusals import Refusal
from domain.selected import Joining


@dataclass(frozen=True, slots=True)
class OrderView(Joining):
    """One order's own row."""

    id: UUID
    number: str
    channel_id: UUID
    customer_id: UUID | None
    external_id: str | None
    status: OrderStatus
    refund_status: RefundStatus
    subtotal: Money
    discount: Money
    total: Money
    due: Money
    placed_by_kind: str
    placed_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None
    closed_at: datetime | None
    group_id: UUID | None = None
    """The group in which it has a seat."""


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of an order."""

    id: UUID
    order_id: UUID
    channel_id: UUID
    variant_id: UUID
    sku: str
    quantity: int
    status: PartStatus
    unit_price: Money
    list_price: Money
    discount: Money
    total: Money


class TopUpStatus(StrEnum):
    """What the buyer is told of a top-up; what we do not know yet is still PROCESSING."""

    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    REVERSED = "REVERSED"


@dataclass(frozen=True, slots=True)
class TopUpView:
    """The newest attempt for one unit."""

    id: UUID
    line_id: UUID
    account: str
    status: TopUpStatus
    reference: str | None


class ShipmentStatus(StrEnum):
    """Where a parcel is."""

    AWAITING_SHIPMENT = "AWAITING_SHIPMENT"
    HELD = "HELD"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    RETURNED = "RETURNED"
    CANCELLED = "CANCELLED"


class Condition(StrEnum):
    """What goods are like that came back."""

    SELLABLE = "SELLABLE"
    DAMAGED = "DAMAGED"


@dataclass(frozen=True, slots=True)
class ShipmentView:
    """One parcel."""

    id: UUID
    line_id: UUID
    order_id: UUID
    fulfilment_id: UUID
    pool_id: UUID | None
    status: ShipmentStatus
    carrier: str | None
    tracking_number: str | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    quantity: int
    sellable: int
    damaged: int


@dataclass(frozen=True, slots=True)
class EntitlementView:
    """Units that are used one call at a time."""

    id: UUID
    line_id: UUID
    units: int
    used: int
    expires_at: datetime | None
    asked_back: int = 0
    """Units that were paid back, or of which that is to be decided."""

    @property
    def left(self) -> int:
        """Units that can still be used."""
        return self.units - self.used - self.asked_back


@dataclass(frozen=True, slots=True)
class ContactView:
    """Whom to reach about an order."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class AddressView:
    """Where an order's parcels go."""

    recipient: str
    phone: str
    province: str
    city: str
    line: str
    district: str | None = None
    postcode: str | None = None


@dataclass(frozen=True, slots=True)
class Margin:
    """What a channel keeps of an order, and what it had of the sale before anything was paid back."""

    now: Money
    at_sale: Money


@dataclass(frozen=True, slots=True)
class LevelMargin:
    """An amount of one channel: what it earns of a sale, or pays of a discount."""

    channel_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """A line with its price."""

    sku: str
    quantity: int
    unit_price: Money
    list_price: Money
    discount: Money
    total: Money
    price_trace: list[PriceStepView] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What changes a total beside the lines' prices."""

    code: str
    name: str
    amount: Money
    promotion_id: UUID
    phase: Phase
    funders: tuple[LevelMargin, ...] = ()
    """Who pays how much of it, as far as whoever asked may know."""


@dataclass(frozen=True, slots=True)
class PromotionStep:
    """What became of one promotion that was looked at."""

    promotion_id: UUID
    name: str
    phase: Phase
    coupon: str | None
    outcome: Outcome
    amount: Money


@dataclass(frozen=True, slots=True)
class QuoteProblem:
    """Why what was quoted could not be ordered: the refusal that placing it would answer."""

    code: str
    message: str
    field: list[str] | None
    sku: str | None = None
    left: int | None = None

    @classmethod
    def of(cls, refusal: Refusal) -> QuoteProblem:
        """The refusal as a problem."""
        facts: Any = refusal
        return cls(
            refusal.code,
            refusal.message,
            refusal.field,
            getattr(facts, "sku", None),
            getattr(facts, "left", None),
        )


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices for lines; `token` is None while there are problems, for then nothing is promised."""

    token: str | None
    expires_at: datetime
    lines: list[QuoteLine]
    subtotal: Money
    discount: Money
    total: Money
    adjustments: list[Adjustment]
    problems: list[QuoteProblem]
    promotion_trace: list[PromotionStep] = field(default_factory=list)
    margins: list[LevelMargin] = field(default_factory=list)
