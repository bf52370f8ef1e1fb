"""Changes: what a live feed shows of one recorded event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from domain.events import RecordedEvent


@dataclass(frozen=True, slots=True)
class Change:
    """One event of one object, with the position to resume behind."""

    position: str
    at: datetime
    object_id: UUID
    from_: str | None
    """The state before, None where the object is new."""
    to: str

    @classmethod
    def of(cls, event: RecordedEvent) -> Self:
        """Read an event whose payload names its states `from` and `to`."""
        payload = event.payload
        return cls(str(event.position), event.at, event.aggregate_id, payload.get("from"), payload["to"])


class OrderChange(Change):
    """An order's status changed."""

    __slots__ = ()


class CardStatusChange(Change):
    """A card's state changed."""

    __slots__ = ()
