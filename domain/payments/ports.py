"""What paying writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.views import OrderView
    from domain.payments.views import PaymentView


class Till(Protocol):
    """Payments in one transaction, of orders that are locked."""

    async def capture(self, order: OrderView, method: str, caller: Caller) -> PaymentView:
        """Write that all that is due was paid; a second capture of an order is impossible."""

    async def captured(self, order_id: UUID) -> PaymentView:
        """The payment of a paid order; LookupError where there is none."""
