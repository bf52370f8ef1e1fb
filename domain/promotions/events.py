"""What happens to promotions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionChanged(Event):
    """A promotion was made, answered by a funder, went live or was stopped."""

    kind: ClassVar[str] = "promotion.changed"
    status: str
    from_status: str | None

    def payload(self) -> dict[str, Any]:
        """Where it stood and where it stands; the figures stay with those who may read them."""
        return {"from": self.from_status, "to": self.status}
