"""From an event to bytes: what a feed makes of it, executed and encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema.engine.refused import RequestRefused
from subscriptions.meters import ENCODED
from subscriptions.payloads import Payload

if TYPE_CHECKING:
    from domain.events import RecordedEvent
    from schema.engine.engine import Engine
    from schema.engine.execution import PreparedOperation
    from schema.following import Following


class Telling:
    """One feed with one operation over it, in a context of its own: used by one task at a time."""

    def __init__(self, engine: Engine, prepared: PreparedOperation, following: Following[Any]) -> None:
        self._engine, self._prepared = engine, prepared
        self.following = following
        self._context = following.context.for_audience()

    def anew(self) -> Telling:
        """The same for another task."""
        return Telling(self._engine, self._prepared, self.following)

    async def tell(self, event: RecordedEvent) -> tuple[Payload | None, bool]:
        """What subscribers get for an event, and whether it was the last one."""
        item, ends = await self.following.tell(event)
        return (None if item is None else await self.payload(item)), ends

    async def payload(self, item: Any) -> Payload:
        """What subscribers get for an item."""
        # Each event is an answer of its own, which says for itself what the caller may not read.
        self._context.denied.clear()
        answer = await self._engine.answer(self._prepared, self._context, item)
        ENCODED.inc()
        return Payload(answer.body)

    def refused(self, problem: Exception) -> RequestRefused:
        """The last word of subscriptions whose feed failed."""
        return RequestRefused(500, [self._engine.errors.mask(problem)])
