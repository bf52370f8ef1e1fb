"""The outbox: events join the transaction that made them true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.events import Event
from persistence.statements import Connection, Statement

WRITE = """INSERT INTO outbox (kind, aggregate_id, channel_id, channel_path, customer_id, payload)
       SELECT e.kind, e.aggregate, e.channel, c.path, e.customer, e.payload
         FROM unnest(CAST(:kinds AS text[]), CAST(:aggregates AS uuid[]), CAST(:channels AS uuid[]),
                     CAST(:customers AS uuid[]), CAST(:payloads AS jsonb[]))
              WITH ORDINALITY AS e (kind, aggregate, channel, customer, payload, n)
         LEFT JOIN channel c ON c.id = e.channel
        ORDER BY e.n"""
"""Events in their order, each with the path of its channel at this moment."""

_WRITE = Statement(WRITE)


async def write(connection: Connection, events: Sequence[Event]) -> None:
    """Append events by themselves; `persistence.ending` does it with what else a transaction leaves."""
    if events:
        await _WRITE.run(connection, **values_of(events))


def values_of(events: Sequence[Event]) -> dict[str, list[Any]]:
    """The values of `WRITE`."""
    return {
        "kinds": [event.kind for event in events],
        "aggregates": [event.aggregate_id for event in events],
        "channels": [event.channel_id for event in events],
        "customers": [event.customer_id for event in events],
        "payloads": [event.payload() for event in events],
    }
