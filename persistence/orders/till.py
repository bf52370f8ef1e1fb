"""The till: payments in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.ids import new_id
from domain.payments.views import PaymentView
from persistence.orders.payment_rows import PAYMENT_COLUMNS, payment_of
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.views import OrderView
    from persistence.work import Work

_CAPTURE = Statement(
    f"""INSERT INTO payment AS p
          (id, order_id, method, status, currency, amount_minor, captured_by_kind, captured_by_id,
           captured_at)
        VALUES
          (:id, :order_id, :method, 'CAPTURED', :currency, :amount, :by_kind, :by_id, now())
        RETURNING {PAYMENT_COLUMNS}"""
)


class StoredTill:
    """The Till of one transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def capture(self, order: OrderView, method: str, caller: Caller) -> PaymentView:
        """Write that all that is due was paid; a unique index stands behind the order's status."""
        row: Any = await _CAPTURE.one(
            self._work.connection,
            id=new_id(),
            order_id=order.id,
            method=method,
            currency=order.due.currency,
            amount=order.due.minor,
            by_kind=caller.kind.value,
            by_id=caller.subject_id,
        )
        return payment_of(row)
