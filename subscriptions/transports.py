"""The transports of live feeds over the same groups: what is shown alike is made once for both."""

from __future__ import annotations

from schema.engine.engine import Engine
from schema.engine.gateway import Gateway
from subscriptions.groups import Groups
from subscriptions.sse import EventStreamWriter
from subscriptions.websocket import SocketEndpoint, SocketLimits


def transports(
    engine: Engine, gateway: Gateway, ping_every_s: int, queued: int
) -> tuple[EventStreamWriter, SocketEndpoint]:
    """Event streams and sockets; `queued` messages wait for each client that reads slowly."""
    groups = Groups(engine)
    limits = SocketLimits(ping_every_s=ping_every_s, queued_messages=queued)
    return EventStreamWriter(engine, queued=queued, groups=groups), SocketEndpoint(
        engine, gateway, limits, groups
    )
