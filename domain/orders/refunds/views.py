"""Refunds as they are shown, and as an answer is kept for repeats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.access.callers import CallerKind
from domain.catalog.fulfilment import Goods
from domain.money import Money
from domain.orders.refunds.states import RefundState
from domain.selected import Joining


@dataclass(frozen=True, slots=True)
class RefundView(Joining):
    """One refund's own row."""

    id: UUID
    order_id: UUID
    channel_id: UUID
    status: RefundState
    amount: Money
    review: bool
    reason: str
    note: str
    requested_by: CallerKind
    decided_by: CallerKind | None
    created_at: datetime
    decided_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundLineView:
    """What a refund takes of one part."""

    id: UUID
    refund_id: UUID
    line_id: UUID
    sku: str
    units: int
    whole: int
    amount: Money
    goods: Goods


@dataclass(frozen=True, slots=True)
class RefundableView:
    """What could be paid back of one part now."""

    line_id: UUID
    sku: str
    quantity: int
    amount: Money
    goods: Goods
    review: bool
    refused: str | None
