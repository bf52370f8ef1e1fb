"""Results as server-sent events: the distinct-connections mode of GraphQL over SSE."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from schema.engine.answers import Answer
from schema.engine.asgi import Receive, Send
from schema.engine.engine import Engine
from schema.engine.execution import PreparedOperation
from schema.engine.gateway import Context, left_s, request_id_of, revoked
from schema.engine.streams import COMPLETE, next_event

_HEARTBEAT = b":\n\n"


class EventStreamWriter:
    """Writes one operation as an event stream; a StreamWriter for the HTTP endpoint.

    A stream that is quiet for `heartbeat_s` gets a comment, so that proxies keep it open. It ends when the
    token of its context does.
    """

    def __init__(self, engine: Engine, *, heartbeat_s: float = 15.0) -> None:
        self._engine = engine
        self._heartbeat_s = heartbeat_s
        self._streams: set[asyncio.Task[None]] = set()

    async def __call__(
        self, prepared: PreparedOperation, context: Context, receive: Receive, send: Send
    ) -> None:
        """Write until the operation ends or the client leaves. RequestRefused only before the first byte."""
        if prepared.kind == "subscription":
            events = await self._engine.subscribe(prepared, context)
        else:
            events = _once(self._engine, prepared, context)
        await send({"type": "http.response.start", "status": 200, "headers": _headers(context)})
        await send({"type": "http.response.body", "body": _HEARTBEAT, "more_body": True})
        writing = asyncio.create_task(self._write(events, send))
        ending = {asyncio.create_task(_gone(receive))}
        if prepared.kind == "subscription":
            ending.add(asyncio.create_task(revoked(context)))
        self._streams.add(writing)
        try:
            await asyncio.wait(
                {writing, *ending}, return_when=asyncio.FIRST_COMPLETED, timeout=left_s(context)
            )
        finally:
            for task in (writing, *ending):
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            with suppress(asyncio.CancelledError, OSError):
                await writing
            self._streams.discard(writing)
            with suppress(OSError):
                await send({"type": "http.response.body", "body": b""})

    async def close(self) -> None:
        """End every stream, so that the server can stop; clients come back by themselves."""
        for writing in list(self._streams):
            writing.cancel()

    async def _write(self, events: AsyncIterator[Answer], send: Send) -> None:
        iterator = aiter(events)
        upcoming: asyncio.Future[Answer] | None = None
        try:
            while True:
                upcoming = upcoming or asyncio.ensure_future(anext(iterator))
                done, _ = await asyncio.wait({upcoming}, timeout=self._heartbeat_s)
                if not done:
                    await send({"type": "http.response.body", "body": _HEARTBEAT, "more_body": True})
                    continue
                event, upcoming = upcoming.result(), None
                body = next_event(event.body)
                await send({"type": "http.response.body", "body": body, "more_body": True})
        except StopAsyncIteration:
            await send({"type": "http.response.body", "body": COMPLETE, "more_body": True})
        finally:
            if upcoming is not None and not upcoming.done():
                upcoming.cancel()
                with suppress(asyncio.CancelledError, StopAsyncIteration):
                    await upcoming
            close = getattr(events, "aclose", None)
            if close is not None:
                await close()


async def _once(engine: Engine, prepared: PreparedOperation, context: Context) -> AsyncIterator[Answer]:
    yield await engine.execute(prepared, context)


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
