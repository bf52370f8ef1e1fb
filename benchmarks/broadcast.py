"""The bare side of the fan-out: an ASGI application that knows no GraphQL and sends the same bytes to all.

python -m benchmarks.broadcast LISTENING     a descriptor; POST /emit sends its body to every socket
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

from resolvers.site.lifespan import Living
from resolvers.site.listener import serve

ACK = '{"type":"connection_ack"}'


class Broadcast:
    """Sockets, and one sender after another."""

    def __init__(self) -> None:
        self._sends: dict[object, Any] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await self._socket(receive, send)
        else:
            text = (await receive())["body"].decode()
            for one in tuple(self._sends.values()):
                await one({"type": "websocket.send", "text": text})
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    async def leave(self) -> None:
        """Nobody is told anything."""

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _socket(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        mark = object()
        while (message := await receive())["type"] == "websocket.receive":
            if "connection_init" in message["text"]:
                await send({"type": "websocket.send", "text": ACK})
            elif "subscribe" in message["text"]:
                self._sends[mark] = send
        self._sends.pop(mark, None)


def main(descriptor: int) -> None:
    """Serve as our own server is served: the same loop, the same protocol, the same settings."""
    app: Living = Broadcast()  # type: ignore[assignment]
    with socket.socket(fileno=descriptor) as listener:
        try:
            serve(app, listener, 1, started=lambda: print("ready", flush=True))
        except KeyboardInterrupt:
            asyncio.set_event_loop(None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
