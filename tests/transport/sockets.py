"""A client of graphql-transport-ws that speaks the protocol by hand, so that it can also misspeak it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from resolvers.site.framed import FramedSocket
from subscriptions.websocket import SocketLimits
from tests.transport.serving import PATIENCE_S, Served

PROTOCOL = Subprotocol("graphql-transport-ws")


class Client:
    """A client that speaks the protocol by hand."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **message: Any) -> None:
        """Send a message; `kind` is its type."""
        message["type"] = message.pop("kind")
        await self.socket.send(orjson.dumps(message).decode())

    async def hear(self) -> dict[str, Any]:
        """The next message that is not a ping."""
        while True:
            text = await asyncio.wait_for(self.socket.recv(), PATIENCE_S)
            assert isinstance(text, str)
            message: dict[str, Any] = orjson.loads(text)
            if message["type"] != "ping":
                return message

    async def begin(self, payload: dict[str, Any] | None = None) -> Client:
        """Initialise, and wait for the acknowledgement."""
        await self.say(kind="connection_init", **({"payload": payload} if payload is not None else {}))
        assert (await self.hear())["type"] == "connection_ack"
        return self

    async def subscribe(self, id_: str, query: str, **payload: Any) -> None:
        """Ask for an operation."""
        await self.say(kind="subscribe", id=id_, payload={"query": query, **payload})

    async def closing(self) -> int:
        """The code with which the server closes; what it says before is passed over."""
        while True:
            try:
                await asyncio.wait_for(self.socket.recv(), PATIENCE_S)
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006


@asynccontextmanager
async def client(served: Served | str, *protocols: str, **headers: str) -> AsyncIterator[Client]:
    offered = [Subprotocol(name) for name in protocols] if protocols else [PROTOCOL]
    url = served if isinstance(served, str) else served.socket_url
    async with connect(url, subprotocols=offered, additional_headers=headers) as socket:
        yield Client(socket)


@asynccontextmanager
async def serving(
    left_s: float | None = None, ws: Any = FramedSocket, **limits: Any
) -> AsyncIterator[Served]:
    async with Served(sockets=SocketLimits(**limits), left_s=left_s, ws=ws).listening() as served:
        yield served
