"""What happens to the tree and to its prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event

SUSPENDED = "suspended"
"""The change of a channel that takes away every session in it and below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChanged(Event):
    """A channel was created, moved, suspended, resumed or described anew."""

    kind: ClassVar[str] = "channel.changed"
    change: str
    code: str

    def payload(self) -> dict[str, Any]:
        """What changed, and which channel."""
        return {"change": self.change, "code": self.code}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRuleChanged(Event):
    """A rule or floor was set, set anew or ended."""

    kind: ClassVar[str] = "price_rule.changed"
    change: str
    version: int

    def payload(self) -> dict[str, Any]:
        """What changed; the figures stay with those who may read them."""
        return {"change": self.change, "version": self.version}


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibilityChanged(Event):
    """A selection of a channel was set; the aggregate is that channel."""

    kind: ClassVar[str] = "visibility.changed"
    visible: bool

    def payload(self) -> dict[str, Any]:
        """Whether it shows or hides."""
        return {"visible": self.visible}


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesQuotaChanged(Event):
    """A quota of a channel was set or ended; the aggregate is that channel."""

    kind: ClassVar[str] = "sales_quota.changed"
    change: str
    sku: str
    period: str
    quantity: int

    def payload(self) -> dict[str, Any]:
        """What changed, and of what; the quantity of an ended one is what it was."""
        return {"change": self.change, "sku": self.sku, "period": self.period, "quantity": self.quantity}
