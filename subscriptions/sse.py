"""Results as server-sent events: the distinct-connections mode of GraphQL over SSE."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from schema.engine.answers import failed
from schema.engine.asgi import Receive, Send
from schema.engine.engine import Engine
from schema.engine.execution import PreparedOperation
from schema.engine.gateway import Context, left_s, request_id_of, when_revoked
from schema.engine.refused import RequestRefused
from schema.engine.streams import COMPLETE
from subscriptions.groups import Groups
from subscriptions.outbox import Outbox
from subscriptions.payloads import Payload

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

_HEARTBEAT = b":\n\n"


class EventStreamWriter:
    """Writes one operation as an event stream; a StreamWriter for the HTTP endpoint.

    A stream that is quiet for `heartbeat_s` gets a comment, so that proxies keep it open. It ends when the
    token of its context does. `queued` events wait for a client that does not read; a live feed that finds no
    room ends, and tells from where to resume.
    """

    def __init__(
        self, engine: Engine, *, heartbeat_s: float = 15.0, queued: int = 64, groups: Groups | None = None
    ) -> None:
        self._engine = engine
        self._groups = Groups(engine) if groups is None else groups
        self._heartbeat_s, self._queued = heartbeat_s, queued
        self._streams: set[asyncio.Task[None]] = set()

    async def __call__(
        self, prepared: PreparedOperation, context: Context, receive: Receive, send: Send
    ) -> None:
        """Write until the operation ends or the client leaves. RequestRefused only before the first byte."""
        source = await self._groups.open(prepared, context) if prepared.kind == "subscription" else None
        stream = _Stream(send, self._heartbeat_s, self._queued)
        if source is None:
            work = _once(self._engine, prepared, context, stream)
        else:
            work = self._groups.run(prepared, context, source, stream)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _headers(context)})
            await send({"type": "http.response.body", "body": _HEARTBEAT, "more_body": True})
            await self._serve(prepared, context, receive, self._write(work, stream))
        finally:
            work.close()
            await stream.close()
        with suppress(OSError):
            await send({"type": "http.response.body", "body": b""})

    async def _serve(
        self,
        prepared: PreparedOperation,
        context: Context,
        receive: Receive,
        write: Coroutine[Any, Any, None],
    ) -> None:
        """Write until there is no more, the client leaves, or its token ends."""
        writing, leaving = asyncio.create_task(write), asyncio.create_task(_gone(receive))
        unwatch: Callable[[], None] | None = None
        if prepared.kind == "subscription":
            unwatch = when_revoked(context, lambda: _cancel(writing))
        self._streams.add(writing)
        try:
            ending = {writing, leaving}
            await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED, timeout=left_s(context))
        finally:
            if unwatch is not None:
                unwatch()
            for task in (writing, leaving):
                task.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            with suppress(asyncio.CancelledError, OSError):
                await writing
            self._streams.discard(writing)

    async def close(self) -> None:
        """End every stream, so that the server can stop; clients come back by themselves."""
        for writing in list(self._streams):
            writing.cancel()

    async def _write(self, work: Coroutine[Any, Any, None], stream: _Stream) -> None:
        try:
            await work
        except RequestRefused as refused:
            await stream.put(Payload(failed(self._engine.codec, refused.errors).body))
        except Exception as error:
            await stream.put(Payload(failed(self._engine.codec, [self._engine.errors.mask(error)]).body))
        await stream.end()


class _Stream:
    """The outlet of one event stream."""

    def __init__(self, send: Send, heartbeat_s: float, queued: int) -> None:
        self._send, self._heartbeat_s = send, heartbeat_s
        self._outbox: Outbox[bytes] = Outbox(self._body, queued, gone=lambda: None)
        self._loop = asyncio.get_running_loop()
        self._wrote_at = self._loop.time()
        self._timer = self._loop.call_later(heartbeat_s, self._beat)

    def offer(self, payload: Payload) -> bool:
        """Send now, or queue it; false when too much waits already."""
        return self._outbox.offer(payload.event)

    async def put(self, payload: Payload) -> None:
        """Send, and wait for room."""
        await self._outbox.put(payload.event)

    async def end(self) -> None:
        """Say that it is complete, when all before was sent."""
        await self._outbox.put(COMPLETE)
        await self._outbox.drained()

    async def close(self) -> None:
        """Send no more."""
        self._timer.cancel()
        await self._outbox.close()

    async def _body(self, body: bytes) -> None:
        self._wrote_at = self._loop.time()
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    def _beat(self) -> None:
        quiet_s = self._loop.time() - self._wrote_at
        if quiet_s >= self._heartbeat_s:
            self._outbox.offer(_HEARTBEAT)
            quiet_s = 0.0
        self._timer = self._loop.call_later(self._heartbeat_s - quiet_s, self._beat)


async def _once(engine: Engine, prepared: PreparedOperation, context: Context, stream: _Stream) -> None:
    await stream.put(Payload((await engine.execute(prepared, context)).body))


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(context: Context) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-cache"),
        (b"x-accel-buffering", b"no"),
        (b"vary", b"accept"),
    ]
    if request_id := request_id_of(context):
        headers.append((b"x-request-id", request_id.encode("latin-1", "replace")))
    return headers
