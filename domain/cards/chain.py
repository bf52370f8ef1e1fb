"""The chain of a card's events: each carries the hash of the one before, so that none can be changed unseen.

    hash = SHA-256(hash of the event before, nothing for the first ‖ UTF-8 of the canonical text)

The canonical text is a JSON array, separated by ", ", non-ASCII as it is, of: card id, ordinal (from 1),
time in UTC as `2026-01-31T23:59:59.000000Z`, state before (null for the first), state after, kind, id
(or null) and name of the actor, channel id (or null), order id (or null), reason, request id. PostgreSQL's
`json_build_array(…)::text` and Python's `json.dumps` write the same text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class CardEvent:
    """One step of one card, as it was written down."""

    card_id: UUID
    ordinal: int
    at: datetime
    from_state: str | None
    to_state: str
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    channel_id: UUID | None
    """Where it happened: the pool in stock, the shop of a sale, the redeemer's channel."""
    order_id: UUID | None
    reason: str
    request_id: str


@dataclass(frozen=True, slots=True)
class LinkedEvent:
    """An event with its place in the chain."""

    event: CardEvent
    prev_hash: bytes | None
    hash: bytes


def canonical(event: CardEvent) -> str:
    """The text that is hashed."""
    return json.dumps(
        [
            str(event.card_id),
            event.ordinal,
            event.at.astimezone(UTC).strftime(TIME_FORMAT),
            event.from_state,
            event.to_state,
            event.actor_kind,
            _id(event.actor_id),
            event.actor_name,
            _id(event.channel_id),
            _id(event.order_id),
            event.reason,
            event.request_id,
        ],
        ensure_ascii=False,
    )


def hash_of(event: CardEvent, prev_hash: bytes | None) -> bytes:
    """The 32 bytes that the event and everything before it come to."""
    return hashlib.sha256((prev_hash or b"") + canonical(event).encode()).digest()


def is_intact(events: Sequence[LinkedEvent], ordinal: int, last_hash: bytes) -> bool:
    """Whether a card's events, in their order, are all there and as they were written.

    `ordinal` and `last_hash` are the card's own: without them a missing end would not show.
    """
    before: bytes | None = None
    state: str | None = None
    for place, linked in enumerate(events, start=1):
        event = linked.event
        if event.ordinal != place or event.from_state != state or linked.prev_hash != before:
            return False
        if hash_of(event, before) != linked.hash:
            return False
        before, state = linked.hash, event.to_state
    return len(events) == ordinal and before == last_hash


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)
