"""Subscriptions as a process serves them, with a client that writes down what reaches it."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from schema.engine.engine import Engine
from schema.engine.requests import GraphQLRequest
from subscriptions.groups import Groups
from subscriptions.payloads import Payload


class Listener:
    """A client: the outlet of one subscription. With `room`, it takes no more than so many at once."""

    def __init__(self, room: int | None = None, pause_s: float = 0.0) -> None:
        self.room, self.pause_s = room, pause_s
        self.payloads: list[Payload] = []

    def offer(self, payload: Payload) -> bool:
        """Take it while there is room."""
        if self.room == 0:
            return False
        self.room = None if self.room is None else self.room - 1
        self.payloads.append(payload)
        return True

    async def put(self, payload: Payload) -> None:
        """Take it in its own time."""
        await asyncio.sleep(self.pause_s)
        self.payloads.append(payload)

    @property
    def answers(self) -> list[dict[str, Any]]:
        """What it was answered."""
        return [orjson.loads(one.body) for one in self.payloads]


async def serve(engine: Engine, document: str, context: Any, listener: Listener, **variables: Any) -> None:
    """One subscription to its end; RequestRefused is its last word."""
    groups = Groups(engine)
    prepared = engine.prepare(GraphQLRequest(document, variables=variables))
    await groups.run(prepared, context, await groups.open(prepared, context), listener)


async def answers_of(engine: Engine, document: str, context: Any, **variables: Any) -> list[dict[str, Any]]:
    """All that a subscription is answered."""
    listener = Listener()
    await serve(engine, document, context, listener, **variables)
    return listener.answers
