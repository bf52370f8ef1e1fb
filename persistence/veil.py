"""Hides what lies on disk for a moment: uploads that are too large for memory may hold card secrets."""

from __future__ import annotations

import os
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 16
_COUNTERS = 1 << 128


def new_veil() -> Callable[[int, bytes], bytes]:
    """AES-256-CTR under a key that is never stored: applied twice at the same offset it gives the bytes back.

    One veil is for one file that is written once from its beginning, so that no keystream is used twice.
    """
    key = algorithms.AES(os.urandom(32))
    start = int.from_bytes(os.urandom(_BLOCK), "big")

    def veil(offset: int, data: bytes) -> bytes:
        counter = (start + offset // _BLOCK) % _COUNTERS
        skipped = offset % _BLOCK
        cipher = Cipher(key, modes.CTR(counter.to_bytes(_BLOCK, "big"))).encryptor()
        return cipher.update(bytes(skipped) + data)[skipped:]

    return veil
