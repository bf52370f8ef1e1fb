"""What is told of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """Accounts of a channel have changed, once or often since the last time; what is on them is asked for."""

    kind: ClassVar[str] = "account.changed"

    currency: str

    def payload(self) -> dict[str, Any]:
        """Those of which currency."""
        return {"currency": self.currency}
