"""The hash chain of a card's events: the one place that says what is hashed, in SQL and in Python.

    hash = sha256(previous hash, nothing for the first || UTF-8 of a JSON list of FIELDS in this order)

The time is in microseconds since 1970 UTC, ids are in their text form, and a missing value is null.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

FIELDS = (
    "card_id",
    "ordinal",
    "at",
    "from_state",
    "to_state",
    "actor_kind",
    "actor_id",
    "actor_name",
    "channel_id",
    "order_id",
    "reason",
    "request_id",
)
"""The columns of `card_event` that the hash covers."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def hash_sql(previous: str, values: Mapping[str, str]) -> str:
    """The SQL expression of an event's hash: `values` are SQL expressions for FIELDS, `previous` a bytea."""
    written = dict(values) | {"at": f"CAST(extract(epoch FROM {values['at']}) * 1000000 AS bigint)"}
    fields = ", ".join(written[name] for name in FIELDS)
    text = f"convert_to(CAST(json_build_array({fields}) AS text), 'UTF8')"
    return f"sha256(coalesce({previous}, CAST('' AS bytea)) || {text})"


def hash_of(previous: bytes | None, event: Mapping[str, Any]) -> bytes:
    """The same in Python, for the first events of a million cards, which are copied in with their hash."""
    moment = (event["at"] - _EPOCH) // _MICROSECOND
    values = [moment if name == "at" else event[name] for name in FIELDS]
    text = json.dumps(values, ensure_ascii=False, default=str)
    return hashlib.sha256((previous or b"") + text.encode()).digest()
