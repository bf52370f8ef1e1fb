"""From rows of refunds to what the domain calls them."""

from __future__ import annotations

from typing import Any

from domain.access.callers import CallerKind
from domain.catalog.fulfilment import Goods
from domain.money import Money
from domain.orders.refunds.states import RefundState
from domain.orders.refunds.views import RefundLineView, RefundView

REFUND_COLUMNS = """r.id, r.order_id, r.channel_id, r.status, r.currency, r.amount_minor, r.review, r.reason,
    r.note, r.requested_by_kind, r.decided_by_kind, r.created_at, r.decided_at, r.finished_at"""


def refund_of(row: Any) -> RefundView:
    """A refund's own row."""
    return RefundView(
        id=row["id"],
        order_id=row["order_id"],
        channel_id=row["channel_id"],
        status=RefundState(row["status"]),
        amount=Money(row["amount_minor"], row["currency"]),
        review=row["review"],
        reason=row["reason"],
        note=row["note"],
        requested_by=CallerKind(row["requested_by_kind"]),
        decided_by=None if row["decided_by_kind"] is None else CallerKind(row["decided_by_kind"]),
        created_at=row["created_at"],
        decided_at=row["decided_at"],
        finished_at=row["finished_at"],
    )


def refund_line_of(row: Any) -> RefundLineView:
    """A line with its refund's currency."""
    return RefundLineView(
        id=row["id"],
        refund_id=row["refund_id"],
        line_id=row["order_line_id"],
        sku=row["sku"],
        units=row["units"],
        whole=row["whole"],
        amount=Money(row["amount_minor"], row["currency"]),
        goods=Goods(row["goods"]),
    )
