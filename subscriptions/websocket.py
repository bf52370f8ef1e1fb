"""graphql-transport-ws on bare ASGI: queries, mutations and subscriptions over one socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from domain.refusals import Unauthenticated
from schema.engine.asgi import Receive, Scope, Send
from schema.engine.engine import Engine
from schema.engine.gateway import Context, Gateway, close_context, left_s, when_revoked
from schema.engine.refused import RequestRefused
from subscriptions.connection import Wire
from subscriptions.groups import Groups
from subscriptions.messages import (
    ACK,
    DUPLICATE_ID,
    FORBIDDEN,
    GOING_AWAY,
    INIT_TIMEOUT,
    INTERNAL,
    NO_SUBPROTOCOL,
    PING,
    PROTOCOL,
    TERMINATED,
    TOO_MANY_INITS,
    UNAUTHORIZED,
    ClientMessage,
    Closing,
    pong_message,
    read_message,
)
from subscriptions.operations import Operations, Parts
from subscriptions.outbox import Outbox


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """The bounds of one connection."""

    init_timeout_s: float = 10.0
    """How long the first message may take to come."""
    ping_every_s: float = 30.0
    """How often the server asks whether the client is there; a client silent for two rounds is let go."""
    stall_s: float = 30.0
    """How long one message may wait for a client that does not read."""
    leave_s: float = 15.0
    """How long telling all clients that the server goes away may take; 10,000 take about 6 seconds."""
    max_operations: int = 100
    """Operations at a time."""
    max_message_chars: int = 262_144
    queued_messages: int = 64
    """Messages that wait for a client that does not read. A live feed that finds no room ends, and tells from
    where to resume; everything else waits for room, so its source does too.
    """


_Then = Callable[[], None]
_TOLD_AT_ONCE = 100
"""Connections that are ended before requests get their turn again."""


class SocketEndpoint:
    """An ASGI application for requests of type `websocket`."""

    def __init__(
        self,
        engine: Engine,
        gateway: Gateway,
        limits: SocketLimits | None = None,
        groups: Groups | None = None,
    ) -> None:
        self._engine = engine
        self._groups = Groups(engine) if groups is None else groups
        self._gateway = gateway
        self._limits = limits or SocketLimits()
        self._connections: set[_Connection] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        if (await receive())["type"] != "websocket.connect":
            return
        wire = Wire(scope, receive, send)
        connection = _Connection(self._engine, self._groups, self._gateway, self._limits, wire)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)

    async def close(self) -> None:
        """Tell every client that the server goes away (1001); they connect again elsewhere.

        Returns when all have been told, or after `leave_s`: nobody else waits for one that is stuck.
        """
        leaving = list(self._connections)
        for at, connection in enumerate(leaving, 1):
            connection.end(Closing(GOING_AWAY, "Going away"))
            if at % _TOLD_AT_ONCE == 0:
                await asyncio.sleep(0)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.leave_s):
                await asyncio.gather(*(connection.closed.wait() for connection in leaving))


class _Connection:
    def __init__(
        self, engine: Engine, groups: Groups, gateway: Gateway, limits: SocketLimits, wire: Wire
    ) -> None:
        self._limits = limits
        self._wire = wire
        self._outbox: Outbox[Parts] = Outbox(
            wire.send_text, limits.queued_messages, self._is_gone, wire.write_text
        )
        self._operations = Operations(
            engine, groups, gateway, wire, self._outbox, self.end, limits.max_operations
        )
        self._loop = asyncio.get_running_loop()
        self._ending: asyncio.Future[Closing | None] = self._loop.create_future()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._reading: asyncio.Task[None] | None = None
        self._context: Context | None = None
        self._unwatch: Callable[[], None] | None = None
        self._codec, self._errors = engine.codec, engine.errors
        self._asked_to_begin = False
        self._acknowledged = False
        self._heard_at = self._loop.time()
        self.closed = asyncio.Event()

    def end(self, closing: Closing | None) -> None:
        """End the connection; the first reason counts, None when the client is gone already."""
        if not self._ending.done():
            self._ending.set_result(closing)

    async def serve(self) -> None:
        """Accept, serve, close."""
        offered: list[str] = list(self._wire.scope.get("subprotocols") or ())
        known = PROTOCOL in offered
        # A browser drops a socket whose protocols were all ignored, without a code: so one of them is
        # accepted, only to be told why not.
        await self._wire.accept(PROTOCOL if known else next(iter(offered), None))
        if known:
            self._reading = asyncio.create_task(self._read())
        else:
            self.end(Closing(NO_SUBPROTOCOL, "Subprotocol not acceptable"))
        self._after("init", self._limits.init_timeout_s, self._init_is_late)
        self._after("ping", self._limits.ping_every_s, self._ping)
        try:
            closing = await self._ending
            if closing is not None:
                await self._stop()
                await self._wire.close(closing.code, closing.reason)
        finally:
            for timer in self._timers.values():
                timer.cancel()
            await self._stop()
            await self._operations.close()
            if self._context is not None:
                await close_context(self._context)
            self.closed.set()

    async def _stop(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._outbox.close()

    async def _read(self) -> None:
        try:
            while True:
                text = await self._wire.receive_text(self._limits.max_message_chars)
                self._heard_at = self._loop.time()
                await self._take(read_message(self._codec, text))
        except Closing as closing:
            self.end(closing if closing.code else None)
        except Exception as error:
            self._errors.mask(error)
            self.end(Closing(INTERNAL, "Internal error"))

    async def _take(self, message: ClientMessage) -> None:
        if message.type == "connection_init":
            await self._begin(message)
        elif message.type == "ping":
            await self._outbox.put((pong_message(message.payload).encode(), b""))
        elif message.type == "complete":
            self._operations.stop(message.id)
        elif message.type == "subscribe":
            if not self._acknowledged:
                raise Closing(UNAUTHORIZED, "Unauthorized")
            if message.id in self._operations:
                raise Closing(DUPLICATE_ID, f"Subscriber for {message.id} already exists")
            await self._operations.start(message)

    async def _begin(self, message: ClientMessage) -> None:
        if self._asked_to_begin:
            raise Closing(TOO_MANY_INITS, "Too many initialisation requests")
        self._asked_to_begin = True
        self._timers.pop("init").cancel()
        try:
            context = await self._operations.begin(message.payload)
        except Unauthenticated:
            raise Closing(FORBIDDEN, "Forbidden") from None
        except RequestRefused as refused:
            raise Closing(FORBIDDEN, str(refused)) from None
        self._context = context
        left = left_s(context)
        if left is not None:
            self._after("token", left, self._token_ends)
        # Operations ask only when they begin: whoever follows hears of it here.
        self._unwatch = when_revoked(context, self._token_is_revoked)
        self._acknowledged = True
        await self._outbox.put((ACK, b""))

    def _after(self, name: str, delay_s: float, then: _Then) -> None:
        self._timers[name] = self._loop.call_later(max(delay_s, 0.0), then)

    def _init_is_late(self) -> None:
        self.end(Closing(INIT_TIMEOUT, "Connection initialisation timeout"))

    def _token_ends(self) -> None:
        self.end(Closing(FORBIDDEN, "The token has expired"))

    def _is_gone(self) -> None:
        self.end(None)

    def _token_is_revoked(self) -> None:
        self.end(Closing(FORBIDDEN, "The token is not valid any more"))

    def _ping(self) -> None:
        now_s, every_s = self._loop.time(), self._limits.ping_every_s
        if now_s - self._heard_at > 2.5 * every_s or self._wire.waiting_s(now_s) > self._limits.stall_s:
            self.end(Closing(TERMINATED, "Terminated"))
            return
        if self._acknowledged:
            self._outbox.offer((PING, b""))  # who has a full queue is asked by it already
        self._after("ping", every_s, self._ping)
