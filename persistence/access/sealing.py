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
    key, sealed = _taken_apart(stored)
    if id is not None and key.id != id:
        raise CannotOpen
    return vault.open(key, key.id, purpose, sealed).reveal()


def wrapped_under(stored: bytes) -> str:
    """The id of the root key that a text of `seal` depends on; raises `CannotOpen`."""
    return _taken_apart(stored)[0].kek_id


def wrapped_again(vault: Vault, stored: bytes) -> bytes:
    """The same sealed text with its data key under the current root key; raises `CannotOpen`."""
    key, sealed = _taken_apart(stored)
    again = vault.rewrap(key)
    return _HEAD.pack(again.id.bytes, len(again.wrapped)) + again.wrapped + sealed


def _taken_apart(stored: bytes) -> tuple[WrappedKey, bytes]:
    try:
        key_id, length = _HEAD.unpack_from(stored)
    except struct.error:
        raise CannotOpen from None
    end = _HEAD.size + length
    return WrappedKey(UUID(bytes=key_id), stored[_HEAD.size : end]), stored[end:]
