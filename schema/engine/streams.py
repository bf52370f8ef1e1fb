"""What the HTTP endpoint asks of whoever writes an operation's results as a stream of events."""

from __future__ import annotations

from typing import Protocol

from schema.engine.asgi import Receive, Send
from schema.engine.execution import PreparedOperation
from schema.engine.gateway import Context


class StreamWriter(Protocol):
    """Answers one HTTP request with an event stream."""

    async def __call__(
        self, prepared: PreparedOperation, context: Context, receive: Receive, send: Send
    ) -> None:
        """Write until the operation ends or the client leaves. RequestRefused only before the first byte."""
        ...
