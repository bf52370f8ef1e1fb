"""Time-based one-time codes (RFC 6238: SHA-1, 30 s, 6 digits), as every authenticator app shows them."""

from __future__ import annotations

import hmac
import struct
from datetime import UTC, datetime, timedelta

STEP = timedelta(seconds=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def code_at(secret: bytes, step: int) -> str:
    """The six digits of one time step."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    at = digest[-1] & 0xF
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 1_000_000:06d}"


def step_of(secret: bytes, code: str, now: datetime) -> int | None:
    """The step whose code this is: the present one or a neighbour; None when it is none of theirs."""
    present, found = (now - _EPOCH) // STEP, None
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.strip().encode("utf-8", "replace")):
            found = step
    return found
