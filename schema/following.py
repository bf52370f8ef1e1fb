"""What a live feed follows and how it tells an event, apart from any subscriber, so that many share it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from domain.feeds import Interest

if TYPE_CHECKING:
    from domain.events import RecordedEvent
    from schema.context import Context

T = TypeVar("T")


class Told(NamedTuple):
    """What a feed makes of one event."""

    item: Any = None
    """What the subscribers get; None to pass over the event."""
    ends: bool = False
    """Whether nothing comes after it."""


PASSED_OVER, ENDED = Told(), Told(ends=True)

Tell = Callable[["RecordedEvent"], Awaitable[Told]]
NOTHING = Interest(frozenset())


class Following(Generic[T]):
    """A feed as one subscriber asked for it. `tell` gives the same to everybody with the same `interest`,
    audience, document and variables: it may hold nothing that only this subscriber has, and of its context
    it may use what an audience has.

    Iterated, it is the feed for this subscriber alone, without sharing.
    """

    context: Context
    """The audience's; it and the next are set by whoever declares the feed."""
    asked_in: Context
    """The subscriber's own."""

    def __init__(
        self,
        interest: Interest,
        tell: Tell,
        after: int | None = None,
        *,
        first: T | None = None,
        news: Callable[[RecordedEvent], bool] | None = None,
        resumes: bool = True,
    ) -> None:
        self.interest, self.tell = interest, tell
        self.after = after
        """The position behind which it begins; None for now."""
        self.first = first
        """What this subscriber gets before any event."""
        self.news = news
        """Whether an event says more than `first` said; without it all do."""
        self.resumes = resumes
        """Whether subscribers can give a position to go on behind; others begin again with a new `first`."""
        self.over = False
        """Whether nothing follows `first`."""
        self._events: AsyncGenerator[T] | None = None

    @classmethod
    def none(cls, first: T | None = None) -> Following[T]:
        """A feed without events: it ends at once, after `first` if there is one."""
        found = cls(NOTHING, _pass_over, first=first)
        found.over = True
        return found

    def __aiter__(self) -> AsyncIterator[T]:
        self._events = self._iterated()
        return self._events

    async def aclose(self) -> None:
        """Stop following."""
        if self._events is not None:
            await self._events.aclose()

    async def _iterated(self) -> AsyncGenerator[T]:
        if self.first is not None:
            yield self.first
        if self.over:
            return
        async with aclosing(self.context.feed.follow(self.interest, self.after)) as events:
            async for event in events:
                if self.news is not None and not self.news(event):
                    continue
                # Each event is an answer of its own, which says for itself what the caller may not read.
                self.asked_in.denied.clear()
                item, ends = await self.tell(event)
                if item is not None:
                    yield item
                if ends:
                    return


async def _pass_over(_event: RecordedEvent) -> Told:
    return PASSED_OVER
