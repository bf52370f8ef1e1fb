"""Paying back: what a method of payment is told, where there is somebody to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from domain.money import Money


@dataclass(frozen=True, slots=True)
class PayBack:
    """Money of a payment that goes back; providers know a repeated `number` as the same refund."""

    number: str
    payment_id: UUID
    order_number: str
    amount: Money
