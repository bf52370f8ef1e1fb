"""Payments as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.money import Money
from domain.orders.views import OrderView
from domain.selected import Joining


class PaymentStatus(StrEnum):
    """How far the money has come."""

    PENDING = "PENDING"
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class PaymentView(Joining):
    """One payment of one order."""

    id: UUID
    order_id: UUID
    method: str
    status: PaymentStatus
    amount: Money
    created_at: datetime
    captured_at: datetime | None
    next_action: dict[str, Any] | None = None
    order: OrderView | None = None
    """The order as the payment left it; None where the payment was read by itself."""
