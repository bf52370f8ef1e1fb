"""One HTTP request and its response, with nothing of GraphQL in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from functools import cache

from schema.engine.asgi import WRITE_ANSWER, Message, Receive, Scope, Send, WriteAnswer, headers_of
from schema.engine.refused import refusal

_UNKEPT = {"cache-control": "no-store", "vary": "accept"}
"""What a caller is shown is nobody else's, and comes in the type that was asked for."""
_LINGER_S = 5.0
_LINGER_BYTES = 64 * 1_048_576
"""What is read of a body after its refusal: a client that reads only when it has written hears it too."""


class Disconnected(Exception):
    """The client left before its request was complete."""


class Exchange:
    """Reads a body within bounds, and writes one response."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self._send = send
        self.headers = headers_of(scope)
        self.method: str = scope["method"]
        self.answered = False
        self._arriving = True
        """Whether more of the body may come."""

    async def answer(self, media: str, body: bytes, request_id: str) -> None:
        """Write an answer of GraphQL with status 200, at once where the server and the edge offer that."""
        write: WriteAnswer | None = (self.scope.get("extensions") or {}).get(WRITE_ANSWER)
        if write is not None:
            own = b"x-request-id: %b\r\n" % request_id.encode("latin-1") if request_id else b""
            if write(b"%b%b%d\r\n\r\n" % (own, _lines(media), len(body)), body):
                self.answered = True
                return
        known = {"x-request-id": request_id} if request_id else {}
        await self.respond(200, f"{media}; charset=utf-8", body, _UNKEPT | known)

    async def chunks(self, limit: int, total: int = 0) -> AsyncIterator[bytes]:
        """The body as it comes behind its first `total` bytes; refused with 413 as soon as it is known to be
        over the limit.
        """
        declared = self.headers.get("content-length", "")
        if declared.isdigit() and len(declared) < 20 and int(declared) > limit:
            raise _too_large(limit)
        while self._arriving:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            self._arriving = message.get("more_body", False)
            chunk = message.get("body", b"")
            total += len(chunk)
            if total > limit:
                raise _too_large(limit)
            if chunk:
                yield chunk

    async def body(self, limit: int) -> bytes:
        """The whole body, which mostly comes in one piece."""
        declared = self.headers.get("content-length", "")
        if self._arriving and declared.isdigit() and len(declared) < 20 and int(declared) <= limit:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            self._arriving = message.get("more_body", False)
            first: bytes = message.get("body", b"")
            if not self._arriving:
                return first
            return first + b"".join([chunk async for chunk in self.chunks(limit, len(first))])
        return b"".join([chunk async for chunk in self.chunks(limit)])

    async def respond(
        self, status: int, content_type: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        """Write the response in one piece, and after a 413 let the client finish its request."""
        self.answered = True
        raw = [
            (b"content-type", content_type.encode("latin-1")),
            (b"content-length", b"%d" % len(body)),
            (b"x-content-type-options", b"nosniff"),
            *((name.encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()),
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})
        if status != 413:
            await self._send({"type": "http.response.body", "body": body})
            return
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        await self._linger()
        await self._send({"type": "http.response.body", "body": b""})

    async def _linger(self) -> None:
        """Throw away what still comes: closing a socket over unread bytes resets it, the answer included."""
        left = _LINGER_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                while self._arriving and left > 0:
                    message = await self.receive()
                    self._arriving = message.get("more_body", False)
                    left -= len(message.get("body", b""))

    async def send(self, message: Message) -> None:
        """Write one ASGI message of a response that is made elsewhere."""
        self.answered = True
        await self._send(message)


@cache
def _lines(media: str) -> bytes:
    """The lines of an answer's headers up to its length."""
    lines = {"content-type": f"{media}; charset=utf-8", **_UNKEPT}
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode() + b"content-length: "


def _too_large(limit: int) -> Exception:
    message = f"The body is larger than {limit} bytes: send less at a time."
    return refusal("PAYLOAD_TOO_LARGE", message, status=413, limit=limit, headers={"connection": "close"})
