"""The till: payments in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.ids import new_id
from domain.payments.views import PaymentView
from persistence.orders.payment_rows import PAYMENT_COLUMNS, payment_of
from persistence.sharing.stops import Asked, Turn, stop
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.views import OrderView
    from domain.refusals import Refusal
    from persistence.statements import Connection
    from persistence.work import Work

_CAPTURE = Statement(
    f"""INSERT INTO payment AS p
          (id, order_id, method, status, currency, amount_minor, captured_by_kind, captured_by_id,
           captured_at)
        SELECT id, order_id, method, 'CAPTURED', currency, amount, by_kind, by_id, now()
          FROM unnest(CAST(:ids AS uuid[]), CAST(:orders AS uuid[]), CAST(:methods AS text[]),
                      CAST(:currencies AS text[]), CAST(:amounts AS bigint[]), CAST(:by_kinds AS text[]),
                      CAST(:by_ids AS uuid[]))
               AS w (id, order_id, method, currency, amount, by_kind, by_id)
        RETURNING {PAYMENT_COLUMNS}"""
)
_CAPTURED = Statement(
    f"SELECT {PAYMENT_COLUMNS} FROM payment p WHERE p.order_id = :order AND p.status = 'CAPTURED'"
)


@dataclass(frozen=True, slots=True)
class Due:
    """What is due of a locked order, and who says how it was paid."""

    order: OrderView
    method: str
    caller: Caller


class StoredTill:
    """The Till of one transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def capture(self, order: OrderView, method: str, caller: Caller) -> PaymentView:
        """Write that all that is due was paid; a unique index stands behind the order's status."""
        return await _capture(self._work, Due(order, method, caller))

    async def captured(self, order_id: UUID) -> PaymentView:
        """The one payment of an order that was captured."""
        row = await _CAPTURED.one(self._work.connection, order=order_id)
        if row is None:
            raise LookupError("This order was not paid.")
        return payment_of(row)


@stop(Turn.PAYMENTS, writes=True)
async def _capture(on: Connection, asked: Sequence[Asked[Due]]) -> list[PaymentView | Refusal]:
    paid = [one.what for one in asked]
    rows = await _CAPTURE.all(
        on,
        ids=[new_id() for _ in paid],
        orders=[one.order.id for one in paid],
        methods=[one.method for one in paid],
        currencies=[one.order.due.currency for one in paid],
        amounts=[one.order.due.minor for one in paid],
        by_kinds=[one.caller.kind.value for one in paid],
        by_ids=[one.caller.subject_id for one in paid],
    )
    payments = {row["order_id"]: payment_of(row) for row in rows}
    return [payments[one.order.id] for one in paid]
