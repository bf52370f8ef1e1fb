"""A real uvicorn on a free loopback port, in the test's own event loop, over the tiny schema."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from domain.refusals import Unauthenticated
from persistence.veil import new_veil
from resolvers.http.endpoint import HttpEndpoint
from resolvers.http.settings import HttpLimits
from resolvers.site.direct import DirectHttp
from resolvers.site.framed import FramedSocket
from schema.engine.asgi import Receive, Scope, Send
from schema.engine.faults import Fault
from schema.engine.limits import DocumentLimits
from schema.engine.refused import refusal
from subscriptions.sse import EventStreamWriter
from subscriptions.websocket import SocketEndpoint, SocketLimits
from tests.engine.tiny import engine

PATIENCE_S = 30.0
"""Far more than anything here takes: these machines are busy."""


async def until(found: Callable[[], object]) -> None:
    """Wait for what happens behind a connection."""
    async with asyncio.timeout(PATIENCE_S):
        while not found():
            await asyncio.sleep(0.005)


@dataclass
class TinyContext:
    """What the tiny resolvers read, with the two hooks that transports know."""

    who: str
    request_id: str
    words: list[str]
    sent: list[int]
    left: float | None = None
    closed: list[str] = field(default_factory=list)

    async def close(self) -> None:
        """Remember that the transport gave the context back."""
        self.closed.append(self.who)

    def left_s(self) -> float | None:
        """What the gateway was told to say."""
        return self.left


@dataclass
class TinyGateway:
    """Knows every token but `wrong`; records what it was asked."""

    left_s: float | None = None
    asked: list[Mapping[str, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    revoked: bool = False
    broken: bool = False

    async def open(
        self, headers: Mapping[str, str], init_payload: Mapping[str, Any] | None, client_address: str
    ) -> TinyContext:
        """Settle who asks."""
        self.asked.append(headers)
        if self.broken:
            raise RuntimeError("canary-7Q4Z")
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token == "wrong" or self.revoked:
            raise Unauthenticated
        if token == "greedy":
            raise refusal("RATE_LIMITED", "Wait a second.", status=429, headers={"retry-after": "1"})
        return TinyContext(token or "nobody", "r-7", self.words, self.sent, self.left_s, self.closed)


class Served:
    """The whole of /graphql as server.py puts it together."""

    def __init__(
        self,
        *,
        http: HttpLimits | None = None,
        sockets: SocketLimits | None = None,
        documents: DocumentLimits | None = None,
        heartbeat_s: float = 15.0,
        left_s: float | None = None,
        ws: Any = FramedSocket,
    ) -> None:
        self.ws = ws
        self.faults: list[Fault] = []
        self.gateway = TinyGateway(left_s)
        served = engine(documents, faults=self.faults)
        self.stream = EventStreamWriter(served, heartbeat_s=heartbeat_s)
        self.http = HttpEndpoint(served, self.gateway, new_veil, limits=http, stream=self.stream)
        self.sockets = SocketEndpoint(served, self.gateway, sockets)
        self.port = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dispatch by the kind of connection."""
        await (self.sockets if scope["type"] == "websocket" else self.http)(scope, receive, send)

    @property
    def socket_url(self) -> str:
        """Where a WebSocket client connects."""
        return f"ws://127.0.0.1:{self.port}/graphql"

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Served]:
        """Serve on a free loopback port until the block ends."""
        async with listening(self, self.ws) as self.port:
            try:
                yield self
            finally:
                await self.sockets.close()
                await self.stream.close()


class PromptServer(uvicorn.Server):
    """Looks whether it is to end every five milliseconds instead of ten times a second."""

    async def main_loop(self) -> None:
        """Until it is to end."""
        turn = 0
        while not await self.on_tick(turn):
            turn += 1
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def listening(app: Any, ws: Any = FramedSocket, http: Any = DirectHttp) -> AsyncIterator[int]:
    """Serve an application on a free loopback port, with the protocols of the real server; the port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, ws=ws, http=http, lifespan="off", log_config=None, access_log=False,
        ws_per_message_deflate=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = PromptServer(config)
    serving = asyncio.create_task(server._serve([listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.005)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving
        listener.close()


@dataclass
class Response:
    """What came back over bare ASGI."""

    status: int
    headers: dict[str, str]
    body: bytes


async def request(
    app: Any,
    method: str = "POST",
    body: bytes | list[bytes] = b"",
    query: bytes = b"",
    path: str = "/graphql",
    **headers: Any,
) -> Response:
    """One HTTP request without a socket; header names are written with underscores."""
    pieces = body if isinstance(body, list) else [body]
    incoming = [
        {"type": "http.request", "body": piece, "more_body": n + 1 < len(pieces)}
        for n, piece in enumerate(pieces)
    ]
    outgoing: list[Any] = []
    forever = asyncio.Event()

    async def receive() -> Any:
        if not incoming:
            await forever.wait()
        return incoming.pop(0)

    async def send(message: Any) -> None:
        outgoing.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": raw,
             "client": ("127.0.0.1", 1)}  # fmt: skip
    await app(scope, receive, send)
    start = outgoing[0]
    got = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Response(start["status"], got, b"".join(message.get("body", b"") for message in outgoing[1:]))
