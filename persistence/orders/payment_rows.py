"""From rows of payments to what the domain calls them."""

from __future__ import annotations

from typing import Any

from domain.money import Money
from domain.payments.views import PaymentStatus, PaymentView

PAYMENT_COLUMNS = """p.id, p.order_id, p.method, p.status, p.currency, p.amount_minor,
    p.next_action, p.created_at, p.captured_at"""


def payment_of(row: Any) -> PaymentView:
    """One payment by itself."""
    return PaymentView(
        id=row["id"],
        order_id=row["order_id"],
        method=row["method"],
        status=PaymentStatus(row["status"]),
        amount=Money(row["amount_minor"], row["currency"]),
        created_at=row["created_at"],
        captured_at=row["captured_at"],
        next_action=row["next_action"],
    )
