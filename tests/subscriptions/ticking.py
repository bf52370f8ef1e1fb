"""A feed of numbers over the real log, with clients that write down which of them reach them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import strawberry

from domain.access.callers import Caller, CallerKind
from domain.events import RecordedEvent
from domain.feeds import Interest, read_position
from domain.ids import new_id
from resolvers.http.codec import OrjsonCodec
from schema.context import Context
from schema.engine.engine import Engine
from schema.engine.faults import Fault
from schema.engine.requests import GraphQLRequest
from schema.following import PASSED_OVER, Following, Told
from subscriptions.groups import Groups
from tests.subscriptions.listening import Listener as Client
from tests.subscriptions.machine import Machine, Ticked

SECRET = "canary-7Q4Z"
TICKED = """subscription ($after: String, $odd: Boolean, $until: Int, $breaksAt: Int) {
  ticked(after: $after, odd: $odd, until: $until, breaksAt: $breaksAt) { position n shownTo } }"""


@strawberry.type
class Tick:
    position: str
    n: int

    @strawberry.field
    def said(self, value: str | None) -> str | None:
        """What the subscriber said."""
        return value

    @strawberry.field
    def padding(self, length: int) -> str:
        """So much that buffers are soon full."""
        return "x" * length

    @strawberry.field
    def shown_to(self, info: strawberry.Info[Any, Any]) -> str:
        """All that a field can know of who asks; written down, as every execution passes here."""
        caller: Caller = info.context.caller
        info.context.reads.executed.append(self.n)
        return f"{caller.kind} {caller.subject_id} {caller.name} {caller.token_id} {caller.request_id}"


@strawberry.type
class Query:
    hello: str = "hello"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticked(
        self,
        info: strawberry.Info[Any, Any],
        after: str | None = None,
        odd: bool | None = None,
        until: int | None = None,
        breaks_at: int | None = None,
    ) -> AsyncIterator[Tick]:
        async def tell(event: RecordedEvent) -> Told:
            n = event.payload["n"]
            if n == breaks_at:
                raise ValueError(SECRET)
            if odd is not None and bool(n % 2) is not odd:
                return PASSED_OVER
            return Told(Tick(position=str(event.position), n=n), ends=n == until)

        found: Any = Following(Interest(frozenset({Ticked.kind})), tell, read_position(after))
        found.context = info.context.for_audience()
        events: AsyncIterator[Tick] = found
        return events


SCHEMA = strawberry.Schema(Query, subscription=Subscription)


class Listener(Client):
    """A client of the numbers."""

    @property
    def ticks(self) -> list[dict[str, Any]]:
        """What it was told."""
        return [one["data"]["ticked"] for one in self.answers]

    @property
    def numbers(self) -> list[int]:
        """The numbers of that."""
        return [one["n"] for one in self.ticks]


def agent(**changes: Any) -> Caller:
    """One of many people who may all see the same."""
    own = {"name": new_id().hex, "token_id": new_id(), "request_id": new_id().hex, "subject_id": new_id()}
    said: dict[str, Any] = {"kind": CallerKind.AGENT, "permissions": frozenset({"cards:read"}), **own}
    return Caller(**said | changes)


class Ticking:
    """Everything that serves the feed."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.executed: list[int] = []
        self.faults: list[Fault] = []
        self.engine = Engine(SCHEMA, codec=OrjsonCodec(), on_fault=self.faults.append)
        self.groups = Groups(self.engine)
        self._last = 0

    async def follow(
        self, listener: Listener, caller: Caller | None = None, document: str = TICKED, **variables: Any
    ) -> asyncio.Task[None]:
        """Subscribe; the subscription is as far as it comes by itself."""
        await self.machine.feed.current()
        prepared = self.engine.prepare(GraphQLRequest(document, variables=variables))
        reads: Any = self
        context = Context(caller or agent(), reads, reads, self.machine.feed)
        source = await self.groups.open(prepared, context)
        following = asyncio.create_task(self.groups.run(prepared, context, source, listener))
        for _ in range(5):
            await asyncio.sleep(0)
        return following

    async def tick(self, count: int = 1) -> None:
        """The next numbers, in one transaction."""
        numbers = range(self._last + 1, self._last + count + 1)
        self._last += count
        await self.machine.commit(*(Ticked(aggregate_id=new_id(), n=n) for n in numbers))


async def until(found: Callable[[], bool]) -> None:
    """Wait for something that happens soon."""
    async with asyncio.timeout(20):
        while not found():
            await asyncio.sleep(0.005)


async def end(*tasks: asyncio.Task[None]) -> None:
    """Unsubscribe."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
