"""What happens to refunds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from domain.events import Event
from domain.orders.refunds.states import RefundState


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundChanged(Event):
    """A refund was asked for (`from_status` None), or its status is another; the aggregate is its order.

    So it keeps its place among the order's own events, and whoever follows the order hears of it.
    """

    kind: ClassVar[str] = "refund.changed"

    refund_id: UUID
    status: RefundState
    from_status: RefundState | None

    def payload(self) -> dict[str, Any]:
        """Which refund, and the two statuses."""
        before = self.from_status.value if self.from_status else None
        return {"refund_id": str(self.refund_id), "from": before, "to": self.status.value}
