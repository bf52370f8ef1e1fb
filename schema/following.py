"""What a live feed follows and how it tells an event, apart from any subscriber, so that many share it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
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

    It is told to a group of subscribers, which `subscriptions` runs.
    """

    context: Context
    """The audience's, set by whoever declares the feed."""

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

    @classmethod
    def none(cls, first: T | None = None) -> Following[T]:
        """A feed without events: it ends at once, after `first` if there is one."""
        found = cls(NOTHING, _pass_over, first=first)
        found.over = True
        return found

    def __aiter__(self) -> AsyncIterator[T]:
        """There for graphql-core, which takes nothing else for the source of a subscription."""
        raise TypeError("A feed is told to the group of its subscribers, never iterated for one of them.")


async def _pass_over(_event: RecordedEvent) -> Told:
    return PASSED_OVER
