"""The operations of one socket: each a task with a context of its own, known by the client's id."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

from domain.refusals import Unauthenticated
from schema.engine.engine import Engine
from schema.engine.execution import PreparedOperation
from schema.engine.gateway import Context, Gateway, close_context, open_context
from schema.engine.refused import RequestRefused, refusal
from schema.engine.requests import GraphQLRequest
from subscriptions.connection import Wire
from subscriptions.groups import Groups
from subscriptions.messages import (
    FORBIDDEN,
    ClientMessage,
    Closing,
    complete_message,
    error_message,
    next_head,
    next_message,
)
from subscriptions.outbox import Outbox
from subscriptions.payloads import Payload

_UNSTOPPED: set[asyncio.Task[None]] = set()
"""Mutations whose client left: they run to their end, since half of one is worth nothing."""


Parts = tuple[bytes, bytes]
"""A message in two parts: its own, and one that others share."""


class _Next:
    """The outlet of one subscription: its id goes before what is shared."""

    __slots__ = ("_head", "_id", "_outbox", "_running", "_task")

    def __init__(
        self, id_: str, outbox: Outbox[Parts], task: asyncio.Task[None], running: Mapping[str, object]
    ) -> None:
        self._head, self._outbox = next_head(id_).encode(), outbox
        self._id, self._task, self._running = id_, task, running

    def offer(self, payload: Payload) -> bool:
        """Send now, or queue it; false when too much waits already."""
        if self._running.get(self._id) is not self._task:
            return True  # completed a moment ago, and the id may be another's already
        return self._outbox.offer((self._head, payload.tail))

    async def put(self, payload: Payload) -> None:
        """Send, and wait for room."""
        await self._outbox.put((self._head, payload.tail))


class Operations:
    """Starts, stops and answers operations; messages go to `outbox`, and wait there for the client."""

    def __init__(
        self,
        engine: Engine,
        groups: Groups,
        gateway: Gateway,
        wire: Wire,
        outbox: Outbox[Parts],
        end: Callable[[Closing | None], None],
        most: int,
    ) -> None:
        self._engine = engine
        self._groups = groups
        self._gateway = gateway
        self._wire = wire
        self._outbox = outbox
        self._end = end
        self._most = most
        self._init_payload: Mapping[str, Any] | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """All that have not ended: one that waits to say its last word has given up its id already."""

    def __contains__(self, id_: object) -> bool:
        return id_ in self._running

    async def begin(self, init_payload: Mapping[str, Any] | None) -> Context:
        """Settle who asks; every later operation asks again, so that a revoked token stops at once."""
        self._init_payload = init_payload
        return await self._open()

    async def start(self, message: ClientMessage) -> None:
        """Start an operation; what is wrong with it is told under its id."""
        if message.request is None or len(self._running) >= self._most:
            refused = message.refused or refusal(
                "TOO_MANY_OPERATIONS",
                f"At most {self._most} operations run on one connection: complete one first.",
                limit=self._most,
            )
            await self._say(error_message(message.id, refused.errors))
            return
        task = asyncio.create_task(self._operate(message.id, message.request))
        self._running[message.id] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self, id_: str) -> None:
        """The client wants no more of it; an unknown id is one that has just ended."""
        task = self._running.pop(id_, None)
        if task is not None and task not in _UNSTOPPED:
            task.cancel()

    async def close(self) -> None:
        """Stop all of them and wait until they have given back what they hold."""
        tasks = [task for task in self._tasks if task not in _UNSTOPPED]
        self._running.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _open(self) -> Context:
        return await open_context(self._gateway, self._wire.headers, self._init_payload, self._wire.address)

    async def _operate(self, id_: str, request: GraphQLRequest) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        try:
            await self._run(id_, request, task)
        except RequestRefused as refused:
            await self._tell(id_, task, error_message(id_, refused.errors))
        except Unauthenticated:
            self._end(Closing(FORBIDDEN, "The token is not valid any more"))
        except Exception as error:
            await self._tell(id_, task, error_message(id_, [self._engine.errors.mask(error)]))
        finally:
            _UNSTOPPED.discard(task)
            if self._running.get(id_) is task:
                del self._running[id_]

    async def _run(self, id_: str, request: GraphQLRequest, task: asyncio.Task[None]) -> None:
        context = await self._open()
        try:
            prepared = await self._engine.admit(request, context)
            if prepared.kind == "subscription":
                await self._stream(id_, prepared, context, task)
            else:
                if prepared.kind == "mutation":
                    _UNSTOPPED.add(task)
                answer = await self._engine.execute(prepared, context)
                _UNSTOPPED.discard(task)
                if self._running.get(id_) is task:
                    await self._say(next_message(id_, answer.body))
            await self._tell(id_, task, complete_message(id_))
        finally:
            await close_context(context)

    async def _stream(
        self, id_: str, prepared: PreparedOperation, context: Context, task: asyncio.Task[None]
    ) -> None:
        source = await self._groups.open(prepared, context)
        outlet = _Next(id_, self._outbox, task, self._running)
        await self._groups.run(prepared, context, source, outlet)

    async def _tell(self, id_: str, task: asyncio.Task[None], last: str) -> None:
        """Send an operation's last message, unless the client has completed it already; its id is free
        then.
        """
        if self._running.get(id_) is task:
            del self._running[id_]
            await self._say(last)

    async def _say(self, message: str) -> None:
        await self._outbox.put((message.encode(), b""))
