"""The shapes of ASGI, so that transports and their tests share one spelling of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

WRITE_TEXT = "quanyi.write_text"
"""The extension of a WebSocket's scope with which our own server offers to write a text frame at once."""

WriteText = Callable[[tuple[bytes, bytes]], bool]
"""Writes a frame of UTF-8 in two parts; false, and nothing is written, when the client is not ready."""

WRITE_ANSWER = "quanyi.write_answer"
"""The extension of a request's scope with which our own server offers to write a whole 200 at once."""

WriteAnswer = Callable[[bytes, bytes], bool]
"""Writes the lines of the headers with the empty one behind them, and the body; false, and nothing is
written, when that has to go through `send`.
"""


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers by lower-case name; repeated ones are joined as HTTP says."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def address_of(scope: Scope) -> str:
    """The network address of the client, empty when the server does not know it."""
    client = scope.get("client")
    return str(client[0]) if client else ""
