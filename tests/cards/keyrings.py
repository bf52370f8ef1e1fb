"""Root keys for tests, in memory and rotatable."""

from __future__ import annotations

import os

from domain.cards.keys import KeyPurpose, KeyUnknown, RootKey


class MemoryKeys:
    """A `KeyProvider` whose keys live as long as the test."""

    def __init__(self) -> None:
        self.rings = {purpose: [RootKey("k1", os.urandom(32))] for purpose in KeyPurpose}

    def current(self, purpose: KeyPurpose) -> RootKey:
        return self.rings[purpose][-1]

    def by_id(self, purpose: KeyPurpose, key_id: str) -> RootKey:
        for key in self.rings[purpose]:
            if key.id == key_id:
                return key
        raise KeyUnknown(purpose, key_id)

    def ring(self, purpose: KeyPurpose) -> tuple[RootKey, ...]:
        return tuple(reversed(self.rings[purpose]))

    def rotate(self, purpose: KeyPurpose) -> RootKey:
        self.rings[purpose].append(RootKey(f"k{len(self.rings[purpose]) + 1}", os.urandom(32)))
        return self.current(purpose)
