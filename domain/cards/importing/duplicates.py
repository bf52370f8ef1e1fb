"""Cards seen before in the same file, remembered in 16 to 32 bytes each."""

from __future__ import annotations

import secrets
from array import array
from hashlib import blake2b
from typing import Protocol

_FIRST_SIZE = 1 << 12


class SeenCards(Protocol):
    """Says whether a card came by before; a caller with more rows than memory brings its own."""

    def first_time(self, identity: str) -> bool:
        """Remember it; false where it was remembered already."""


class SeenDigests:
    """A hash table of 8-byte keyed digests, at most 60 % full.

    A Python set needs 70 to 100 bytes an entry; two entries for each of a million rows would take half of
    what an import may grow by. Two of two million cards share a digest with a chance of one in ten million;
    the key is new each time, so nobody can choose such a pair.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._slots = array("Q", bytes(8 * _FIRST_SIZE))
        self._count = 0

    def first_time(self, identity: str) -> bool:
        """Remember it; false where it was remembered already."""
        raw = blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key).digest()
        digest = int.from_bytes(raw, "little") or 1
        if not _put(self._slots, digest):
            return False
        self._count += 1
        if self._count * 5 > len(self._slots) * 3:
            self._grow()
        return True

    def _grow(self) -> None:
        larger = array("Q", bytes(16 * len(self._slots)))
        for digest in self._slots:
            if digest:
                _put(larger, digest)
        self._slots = larger


def _put(slots: array[int], digest: int) -> bool:
    mask = len(slots) - 1
    at = digest & mask
    while found := slots[at]:
        if found == digest:
            return False
        at = at + 1 & mask
    slots[at] = digest
    return True
