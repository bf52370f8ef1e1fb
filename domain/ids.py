"""Identifiers: UUIDs that sort by the time of their making, so that indexes grow at one end."""

from __future__ import annotations

import os
import time
from uuid import UUID

_VARIANT = 0x8000_0000_0000_0000
_VERSION = 0x7000


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, 74 random bits."""
    noise = int.from_bytes(os.urandom(10), "big")
    stamp = time.time_ns() // 1_000_000 << 80
    middle = (_VERSION | (noise >> 62) & 0xFFF) << 64
    return UUID(int=stamp | middle | _VARIANT | noise & 0x3FFF_FFFF_FFFF_FFFF)
