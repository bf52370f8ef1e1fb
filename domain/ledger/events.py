"""What is told of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositChanged(Event):
    """A channel's deposit has changed, once or often since the last time; how much is in it is asked for."""

    kind: ClassVar[str] = "deposit.changed"

    currency: str

    def payload(self) -> dict[str, Any]:
        """Which of its deposits."""
        return {"currency": self.currency}
