"""The bare socket under the protocol: text only, bounded in size, and honest about being stuck."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from schema.engine.asgi import WRITE_TEXT, Receive, Scope, Send, WriteText, address_of, headers_of
from subscriptions.messages import BAD_REQUEST, TOO_BIG, Closing

_CLOSE_TIMEOUT_S = 2.0


class Wire:
    """One accepted WebSocket of an ASGI server."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.headers = headers_of(scope)
        self.address = address_of(scope)
        self._receive = receive
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._sending_since_s: float | None = None
        self.write_text: WriteText | None = (scope.get("extensions") or {}).get(WRITE_TEXT)
        """Writes a frame in one step, where the server can do that and the client is ready for it."""

    async def accept(self, subprotocol: str | None) -> None:
        """Complete the handshake."""
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol})

    async def receive_text(self, max_chars: int) -> str:
        """The next text frame. Closing with code 0 when the client has left, 4400 for a binary frame."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            raise Closing(0, "The client left")
        text = message.get("text")
        if text is None:
            raise Closing(BAD_REQUEST, "Only text frames are read")
        if len(text) > max_chars:
            raise Closing(TOO_BIG, f"A message may have {max_chars} characters")
        return str(text)

    async def send_text(self, parts: tuple[bytes, bytes]) -> None:
        """Write one frame of two parts; waits while the client does not read. OSError when it is gone."""
        self._sending_since_s = self._loop.time()
        await self._send({"type": "websocket.send", "text": b"".join(parts).decode()})
        self._sending_since_s = None

    def waiting_s(self, now_s: float) -> float:
        """For how long the frame that is being written has waited for the client."""
        return now_s - self._sending_since_s if self._sending_since_s is not None else 0.0

    async def close(self, code: int, reason: str) -> None:
        """Send the close frame, unless the client does not take even that."""
        with suppress(OSError, RuntimeError, TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
