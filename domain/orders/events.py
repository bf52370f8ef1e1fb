"""What happens to orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event
from domain.orders.status import OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(Event):
    """An order was placed (`from_status` None), or its status is another."""

    kind: ClassVar[str] = "order.changed"

    status: OrderStatus
    from_status: OrderStatus | None

    def payload(self) -> dict[str, Any]:
        """The two statuses; feeds read `from` and `to`."""
        before = self.from_status.value if self.from_status else None
        return {"status": self.status.value, "from": before, "to": self.status.value}
