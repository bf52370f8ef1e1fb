"""What happens to requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRequestChanged(Event):
    """A top-up or withdrawal was asked for, or took a step; amounts stay with those who may read them."""

    kind: ClassVar[str] = "deposit_request.changed"

    of_kind: str
    from_status: str | None
    to_status: str

    def payload(self) -> dict[str, Any]:
        """Which way the money goes, and the two states."""
        return {"kind": self.of_kind, "from": self.from_status, "to": self.to_status}
