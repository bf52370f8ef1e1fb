"""Rows of refunds as use cases write and read them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.catalog.fulfilment import Goods
from domain.orders.status import PartStatus


@dataclass(frozen=True, slots=True)
class RefundLineDraft:
    """A line to write."""

    id: UUID
    line_id: UUID
    part_id: UUID
    sku: str
    units: int
    whole: int
    amount_minor: int
    goods: Goods


@dataclass(frozen=True, slots=True)
class RefundDraft:
    """A refund to write, REQUESTED."""

    id: UUID
    order_id: UUID
    channel_id: UUID
    currency: str
    amount_minor: int
    review: bool
    reason: str
    requested_by_kind: str
    requested_by_id: UUID | None
    lines: tuple[RefundLineDraft, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a refund takes of one part, for whoever has the goods."""

    refund_id: UUID
    part_id: UUID
    kind: str
    units: int
    whole: int
    goods: Goods
    status: PartStatus
    cards: tuple[UUID, ...] = ()
    """Those that are to be stopped, while it is asked for."""


@dataclass(frozen=True, slots=True)
class Sums:
    """The refunds of one order together."""

    open: int
    succeeded: int
    paid_back_minor: int
