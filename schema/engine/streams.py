"""Results as a stream of events: how each is written, and what the HTTP endpoint asks of their writer."""

from __future__ import annotations

from typing import Protocol

from schema.engine.asgi import Receive, Send
from schema.engine.execution import PreparedOperation
from schema.engine.gateway import Context

COMPLETE = b"event: complete\ndata:\n\n"
"""The last event of an operation."""


def next_event(body: bytes) -> bytes:
    """One result."""
    return b"event: next\ndata: " + body + b"\n\n"


class StreamWriter(Protocol):
    """Answers one HTTP request with an event stream."""

    async def __call__(
        self, prepared: PreparedOperation, context: Context, receive: Receive, send: Send
    ) -> None:
        """Write until the operation ends or the client leaves. RequestRefused only before the first byte."""
        ...
