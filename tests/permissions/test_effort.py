"""An id out of scope costs the database what one costs that was never issued: no clock tells them apart."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import server
from persistence.store import Store, opened
from schema.context import Context
from schema.engine.engine import Engine
from schema.engine.requests import GraphQLRequest
from tests.permissions.principals import Principal
from tests.permissions.probes import Part, Probe, Survey
from tests.permissions.story import Story
from tests.permissions.things import Things, relation, sees

CONNECTIONS = 2


class Effort:
    """One process's engine over the story, and the statements that it runs."""

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store, self._engine = store, engine
        self._statements: list[str] = []

    async def listen(self) -> None:
        """Hear of every statement."""
        await self._store.database.let_go()
        pool = self._store.database.pool
        held = [await pool.acquire() for _ in range(CONNECTIONS)]
        for connection in held:
            connection.add_query_logger(lambda record: self._statements.append(record.query))
        for connection in held:
            await pool.release(connection)

    async def context(self, principal: Principal) -> Context:
        """A request of somebody."""
        caller = await self._store.authenticator.caller_of(
            principal.token, address="127.0.0.1", device_id=None, request_id="effort"
        )
        return Context(caller, self._store.reads, self._store.perform, self._store.feed)

    async def of(self, probe: Probe, said: str, context: Context) -> Counter[str]:
        """The statements of one question."""
        request = GraphQLRequest(Part((probe,)).document, variables={probe.alias: said})
        prepared = self._engine.prepare(request)
        await self._glance(context)
        await asyncio.sleep(0)  # loggers are told in the loop's next round
        self._statements.clear()
        await self._engine.execute(prepared, context)
        await asyncio.sleep(0)
        return Counter(self._statements)

    async def _glance(self, context: Context) -> None:
        """Look at prices now: the look of each half second falls due in no question."""
        channel_id = context.caller.channel_id
        if channel_id is not None:
            async with self._store.database.connection() as connection:
                await self._store.tools.shelf.glance(connection, channel_id)


def foreign(survey: Survey, principal: Principal, things: Things) -> Iterator[Probe]:
    """A question for each root field, type and relation of what the principal may not see."""
    asked = set()
    for probe in survey.probes:
        if probe.thing is not None and not sees(principal, probe.thing):
            kind = (probe.pick.name, probe.thing.type, relation(principal, probe.thing))
            if kind not in asked:
                asked.add(kind)
                yield probe


def test_as_many_statements_are_run(survey: Survey, story: Story, things: Things) -> None:
    settings = story.demo.settings.model_copy(update={"pool_size": CONNECTIONS})
    chosen = list({(one.kind, one.place): one for one in story.principals}.values())

    async def counted() -> tuple[list[Any], set[str]]:
        different, asked = [], set()
        async with opened(settings) as store:
            effort = Effort(store, server.build_engine(settings))
            await effort.listen()
            for one in chosen:
                for probe in foreign(survey, one, things):
                    for said in (probe.said, probe.unsaid):  # what is kept in memory is there from now on
                        await effort.of(probe, said, await effort.context(one))
                    found, unknown = [
                        await effort.of(probe, said, await effort.context(one))
                        for said in (probe.said, probe.unsaid)
                    ]
                    asked.add(probe.pick.name)
                    if found != unknown:
                        different.append((one.name, probe.alias, found - unknown, unknown - found))
        return different, asked

    different, asked = story.demo.apart.run(counted())
    assert different == []
    assert asked == {probe.pick.name for probe in survey.probes if probe.thing is not None}
