"""Who hears of an event, found by what it is about: one event costs those alone who may cover it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.events import RecordedEvent
    from domain.feeds import Interest

Heed = Callable[["RecordedEvent"], None]


class Followers:
    """Interests, each with what it wants to be called with."""

    def __init__(self) -> None:
        self._by_key: dict[object, dict[object, tuple[Interest, Heed]]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, interest: Interest, heed: Heed) -> Callable[[], None]:
        """Call `heed` with covered events from now on; answers how to stop."""
        mark, keys = object(), [(kind, _narrowest(interest)) for kind in interest.kinds]
        for key in keys:
            self._by_key.setdefault(key, {})[mark] = (interest, heed)
        self._count += 1

        def stop() -> None:
            stopped = False
            for key in keys:
                known = self._by_key.get(key, {})
                stopped |= known.pop(mark, None) is not None
                if not known:
                    self._by_key.pop(key, None)
            self._count -= stopped

        return stop

    def tell(self, event: RecordedEvent) -> None:
        """Call everybody who covers the event."""
        for about in _about(event):
            known = self._by_key.get((event.kind, about))
            if known:
                for interest, heed in tuple(known.values()):
                    if interest.covers(event):
                        heed(event)


def _narrowest(interest: Interest) -> object:
    """The condition that the fewest events meet."""
    if interest.aggregate_id is not None:
        return "aggregate", interest.aggregate_id
    if interest.customer_id is not None:
        return "customer", interest.customer_id
    return None if interest.within_channel_id is None else ("channel", interest.within_channel_id)


def _about(event: RecordedEvent) -> Iterator[object]:
    """Everything that an interest in the event may have named."""
    yield None
    yield "aggregate", event.aggregate_id
    yield "customer", event.customer_id
    for channel in event.channel_path:
        yield "channel", channel
