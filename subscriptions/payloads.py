"""One answer of a live feed, framed once for each transport, and the port through which a client gets it."""

from __future__ import annotations

from typing import Protocol

from schema.engine.streams import next_event


class Payload:
    """Bytes that many clients get, in the shapes in which transports send them."""

    __slots__ = ("_event", "body", "tail")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.tail = body + b"}"
        """The end of a `next` message: all of it behind `"payload":`."""
        self._event: bytes | None = None

    @property
    def event(self) -> bytes:
        """A server-sent event."""
        if self._event is None:
            self._event = next_event(self.body)
        return self._event


class Outlet(Protocol):
    """Where one subscription's payloads go."""

    def offer(self, payload: Payload) -> bool:
        """Send now, or keep it for a client that is busy; false when too much waits for it already."""

    async def put(self, payload: Payload) -> None:
        """Send, and wait for a client that is busy."""
