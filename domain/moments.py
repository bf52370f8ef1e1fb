"""Moments as text: RFC 3339 with an offset, and inside what a database can keep."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

_DATE_AND_TIME = len("2026-01-01T00:00:00Z")


def moment_of(said: Any) -> datetime:
    """The moment in UTC that a text names; ValueError when it is none, has no offset or is too far away."""
    if not isinstance(said, str) or len(said) < _DATE_AND_TIME:
        raise ValueError("a moment is a date and a time with an offset")
    found = datetime.fromisoformat(said)
    if found.tzinfo is None:
        raise ValueError("a moment has an offset")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment lies within the years 1 to 9999 of UTC") from None
