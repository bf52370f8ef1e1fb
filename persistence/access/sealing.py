"""Texts that must be read again, a portal's key or a message in the queue, sealed for the database."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING
from uuid import UUID

from domain.cards.secret import Secret
from persistence.cards.vault import CannotOpen, WrappedKey

if TYPE_CHECKING:
    from persistence.cards.vault import Vault

_HEAD = struct.Struct(">16sH")


def seal(vault: Vault, id: UUID, purpose: str, text: str) -> bytes:
    """The text under a data key of its own, which travels with it wrapped; `open_sealed` gives it back."""
    key = vault.new_data_key(id)
    (sealed,) = vault.seal(key, [(id, purpose, Secret(text))])
    return _HEAD.pack(key.id.bytes, len(key.wrapped)) + key.wrapped + sealed


def open_sealed(vault: Vault, purpose: str, stored: bytes, id: UUID | None = None) -> str:
    """The text of `seal` for the same purpose, and for the same id where one is said; raises `CannotOpen`."""
    try:
        key_id, length = _HEAD.unpack_from(stored)
    except struct.error:
        raise CannotOpen from None
    key = WrappedKey(UUID(bytes=key_id), stored[_HEAD.size : _HEAD.size + length])
    if id is not None and key.id != id:
        raise CannotOpen
    return vault.open(key, key.id, purpose, stored[_HEAD.size + length :]).reveal()
