"""Rows of orders as use cases write and read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.orders.status import BundlePolicy, PartStatus
from domain.orders.views import Condition


@dataclass(frozen=True, slots=True)
class PartDraft:
    """A fulfilment to write; its price is its share of the line's."""

    id: UUID
    variant_id: UUID
    sku: str
    kind: str
    quantity: int
    pool_id: UUID | None
    allocated_minor: int
    account: Any


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line to write; `transfer_minor` holds T[0..n] of one unit along `path`."""

    id: UUID
    position: int
    variant_id: UUID
    sku: str
    quantity: int
    unit_minor: int
    list_minor: int
    discount_minor: int
    total_minor: int
    cost_minor: int | None
    account: Any
    policy: BundlePolicy | None
    path: tuple[UUID, ...]
    transfer_minor: tuple[int, ...]
    trace: Mapping[str, Any]
    discounts: Mapping[str, Any] | None
    """What each promotion takes off the line, and who pays how much of that; None where nothing does."""
    parts: tuple[PartDraft, ...]


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """An order to write, as it stands right after placing."""

    id: UUID
    channel_id: UUID
    customer_id: UUID | None
    external_id: str | None
    currency: str
    subtotal_minor: int
    discount_minor: int
    total_minor: int
    contact: Mapping[str, Any]
    shipping_address: Mapping[str, Any] | None
    contact_phone_hmac: str | None
    device_id: str | None
    address: str
    placed_by_kind: str
    placed_by_id: UUID | None
    expires_at: datetime
    lines: tuple[LineDraft, ...]


@dataclass(frozen=True, slots=True)
class PartRecord:
    """A fulfilment with what its method needs to know."""

    id: UUID
    order_id: UUID
    line_id: UUID
    variant_id: UUID
    sku: str
    kind: str
    quantity: int
    pool_id: UUID | None
    status: PartStatus
    line_status: PartStatus
    policy: BundlePolicy | None
    account: Any
    settings: Mapping[str, Any]
    """The variant's settings by its kind."""
    valid_days: int | None
    face_minor: int | None


@dataclass(frozen=True, slots=True)
class ShipmentRecord:
    """A locked shipment and whose goods it carries."""

    id: UUID
    order_id: UUID
    fulfilment_id: UUID
    pool_id: UUID | None
    status: str
    quantity: int
    received: int
    """Items that came back and were counted in."""


@dataclass(frozen=True, slots=True)
class ReturnDraft:
    """Items of a parcel that came back, to write."""

    id: UUID
    shipment_id: UUID
    quantity: int
    condition: Condition
