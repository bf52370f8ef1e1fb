"""Finds a card by its secret without storing the secret: a keyed hash that only we can compute."""

from __future__ import annotations

import hmac

from domain.cards.keys import KeyProvider, KeyPurpose, working_key


class BlindIndex:
    """HMAC-SHA256 under the index key, which is neither in the database nor used for anything else.

    `kind` keeps indexes apart (`secret`, `number`), so that equal texts in two columns do not show as equal.
    """

    def __init__(self, keys: KeyProvider, key_id: str | None = None) -> None:
        self.key_id = key_id or keys.current(KeyPurpose.INDEX).id
        self._key = working_key(keys, KeyPurpose.INDEX, self.key_id)

    def of(self, kind: str, text: str) -> bytes:
        """The 32 bytes for a text in its lookup form (see `domain.cards.folding.lookup_form`)."""
        return hmac.digest(self._key, f"{kind}\x00{text}".encode("utf-8", "surrogatepass"), "sha256")
