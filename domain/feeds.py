"""Feeds: following events from any position, without a gap and without a repeat."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.events import RecordedEvent
from domain.refusals import BadRequest


@dataclass(frozen=True, slots=True)
class Interest:
    """Which events a follower may and wants to see; every condition that is given must hold."""

    kinds: frozenset[str]
    aggregate_id: UUID | None = None
    customer_id: UUID | None = None
    within_channel_id: UUID | None = None
    """Only events of this channel and of those that were below it then."""

    def covers(self, event: RecordedEvent) -> bool:
        """Whether the follower sees this event."""
        return (
            event.kind in self.kinds
            and (self.aggregate_id is None or event.aggregate_id == self.aggregate_id)
            and (self.customer_id is None or event.customer_id == self.customer_id)
            and (self.within_channel_id is None or self.within_channel_id in event.channel_path)
        )


class EventFeed(Protocol):
    """The log of events, as followers read it."""

    def follow(self, interest: Interest, after: int | None = None) -> AsyncGenerator[RecordedEvent]:
        """Every covered event behind position `after` in order, then new ones as they come.

        Without `after` it begins now. A slow reader is never skipped: it falls back to reading the log.
        """

    def replay(self, interest: Interest, after: int, until: int) -> AsyncGenerator[RecordedEvent]:
        """Every covered event behind `after` and not behind `until`, from the log, in order."""

    def listen(self, interest: Interest, heed: Callable[[RecordedEvent], None]) -> Callable[[], None]:
        """Call `heed` with each covered event that this process reads from now on, while it reads.

        Answers how to stop. `heed` returns at once and raises nothing: everybody waits for it.
        """

    async def position(self) -> int:
        """The position of the newest event."""

    async def current(self) -> int:
        """The position that this process has read up to; waits until it has begun."""

    @property
    def heard(self) -> int | None:
        """The position that this process has read up to; None before it has begun. Asks nobody."""


def read_position(after: str | None) -> int | None:
    """The position that a client gave back; BadRequest when it is not one of ours."""
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise BadRequest("`after` takes the position of the last event that you received.")
    return int(after)
