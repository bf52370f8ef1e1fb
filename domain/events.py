"""What happened: facts that are written to the outbox in the transaction which made them true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact about one aggregate; the scope fields say who may hear of it."""

    kind: ClassVar[str] = ""
    """The stable name, such as `order.changed`; webhooks and feeds subscribe to it."""

    aggregate_id: UUID
    channel_id: UUID | None = None
    """The channel whose subtree's ancestors may see it."""
    customer_id: UUID | None = None

    def payload(self) -> dict[str, Any]:
        """The thin JSON facts that travel with it: ids and states, never a secret."""
        return {}


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as consumers read it: with its place in the one order of all events."""

    position: int
    kind: str
    aggregate_id: UUID
    channel_id: UUID | None
    channel_path: tuple[UUID, ...]
    """The channel's ancestors at that time, from the root down to itself: whose back offices may see it."""
    customer_id: UUID | None
    payload: dict[str, Any]
    at: datetime
    """When the transaction began, by the database's clock."""
