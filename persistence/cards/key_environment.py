"""Root keys from the environment, as orchestrators hand secrets to a process."""

from __future__ import annotations

from collections.abc import Mapping

from domain.cards.keys import KeyPurpose, KeysAreFixed, KeyUnknown, RootKey
from persistence.cards.key_file import KeysUnusable, parsed_key


class KeyEnvironment:
    """A `KeyProvider` over settings: for each purpose `id:base64`, comma separated, the first is current."""

    def __init__(self, rings: Mapping[KeyPurpose, str]) -> None:
        self._rings = {purpose: _ring(text) for purpose, text in rings.items() if text.strip()}
        missing = [purpose.value for purpose in KeyPurpose if purpose not in self._rings]
        if missing:
            raise KeysUnusable(f"There are no keys for {', '.join(missing)}.")

    def current(self, purpose: KeyPurpose) -> RootKey:
        """The first key given."""
        return self._rings[purpose][0]

    def by_id(self, purpose: KeyPurpose, key_id: str) -> RootKey:
        """The key of this id."""
        for key in self._rings[purpose]:
            if key.id == key_id:
                return key
        raise KeyUnknown(purpose, key_id)

    def ring(self, purpose: KeyPurpose) -> tuple[RootKey, ...]:
        """Every key of a purpose, as they were given."""
        return tuple(self._rings[purpose])

    def rotate(self, purpose: KeyPurpose) -> RootKey:
        """Refused: put the new key first in the setting and start again."""
        raise KeysAreFixed(f"Put a new {purpose} key first in its setting and restart.")


def _ring(text: str) -> list[RootKey]:
    return [parsed_key(key_id.strip(), encoded.strip()) for key_id, _, encoded in _pairs(text)]


def _pairs(text: str) -> list[tuple[str, str, str]]:
    return [entry.partition(":") for entry in text.split(",") if entry.strip()]
