"""Envelope encryption of card secrets, so that a database dump holds nothing to sell.

A batch has one data key (AES-256). Each field of each card is sealed by itself under it with AES-GCM; the
card's id and the field's name are associated data, so a ciphertext opens in its own place only. The data key
is stored wrapped by a key-encryption key from outside the database. Rotation of that key re-wraps data keys
and leaves cards alone.

    sealed   1 byte version · 16 bytes id of the data key · 12 bytes nonce · ciphertext and tag
    wrapped  1 byte version · 1 byte length and id of the wrapping key · 12 bytes nonce · ciphertext and tag
"""

from __future__ import annotations

import hmac
import os
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.cards.keys import KeyProvider, KeyPurpose, KeyUnknown, working_key
from domain.cards.secret import Secret
from persistence.cards.blind_index import BlindIndex

_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_NONCE_AT = 17
_SEALED_AT = _NONCE_AT + _NONCE_BYTES
_CARD_LABEL = b"quanyi.card.v1\x00"
_WRAP_LABEL = b"quanyi.data-key.v1\x00"
_PIECE_LABEL = b"quanyi.upload.v1\x00"


class CannotOpen(Exception):
    """A ciphertext is damaged, was moved from another card or field, or its key is not at hand."""

    def __init__(self) -> None:
        super().__init__("A sealed card secret cannot be opened.")


@dataclass(frozen=True)
class WrappedKey:
    """A data key as the database stores it: its id, and the key wrapped."""

    id: UUID
    wrapped: bytes = field(repr=False)

    @property
    def kek_id(self) -> str:
        """The id of the key-encryption key that wraps it."""
        return self.wrapped[2 : 2 + self.wrapped[1]].decode("ascii")


Sealing = tuple[UUID, str, Secret]
"""The card, the field's name, and the text to seal."""


class Vault:
    """Seals and opens card fields; keeps at most `cached_keys` unwrapped data keys. Thread-safe."""

    def __init__(self, keys: KeyProvider, cached_keys: int = 256) -> None:
        self._keys = keys
        self._limit = cached_keys
        self._ciphers: OrderedDict[WrappedKey, AESGCM] = OrderedDict()
        self._lock = Lock()

    @property
    def keys(self) -> KeyProvider:
        """The root keys, for codes and presentations."""
        return self._keys

    @cached_property
    def index(self) -> BlindIndex:
        """The blind index that cards are found by."""
        return BlindIndex(self._keys)

    def new_data_key(self, id: UUID) -> WrappedKey:
        """A fresh data key for a batch, wrapped under the current key-encryption key."""
        return self._wrap(id, AESGCM.generate_key(256))

    def rewrap(self, key: WrappedKey) -> WrappedKey:
        """The same data key under the current key-encryption key; the same object where it is already."""
        if key.kek_id == self._keys.current(KeyPurpose.CARD).id:
            return key
        return self._wrap(key.id, self._unwrap(key))

    def seal(self, key: WrappedKey, fields: Sequence[Sealing]) -> list[bytes]:
        """Seal many fields of one batch, in their order."""
        cipher = self._cipher(key)
        prefix = _VERSION + key.id.bytes
        nonces = os.urandom(_NONCE_BYTES * len(fields))
        sealed = []
        for at, (card_id, name, secret) in enumerate(fields):
            nonce = nonces[at * _NONCE_BYTES : (at + 1) * _NONCE_BYTES]
            text = secret.reveal().encode()
            sealed.append(prefix + nonce + cipher.encrypt(nonce, text, _place(card_id, name)))
        return sealed

    def open(self, key: WrappedKey, card_id: UUID, name: str, sealed: bytes) -> Secret:
        """The text sealed for this card and field; raises `CannotOpen`."""
        return self.open_many(key, [(card_id, name, sealed)])[0]

    def open_many(self, key: WrappedKey, fields: Iterable[tuple[UUID, str, bytes]]) -> list[Secret]:
        """The texts of many fields of one batch, in their order; raises `CannotOpen` if one does not open."""
        cipher = self._cipher(key)
        return [Secret(_opened(cipher, key.id, card_id, name, sealed)) for card_id, name, sealed in fields]

    def seal_piece(self, key: WrappedKey, batch_id: UUID, number: int, piece: bytes) -> bytes:
        """Seal a piece of a batch's file; it opens as this piece of this file only."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(key).encrypt(nonce, piece, _piece_place(batch_id, number))
        return _VERSION + key.id.bytes + nonce + sealed

    def open_piece(self, key: WrappedKey, batch_id: UUID, number: int, sealed: bytes) -> bytes:
        """The piece; raises `CannotOpen`."""
        return _opened_bytes(self._cipher(key), key.id, _piece_place(batch_id, number), sealed)

    def token_hmac(self, text: str) -> bytes:
        """HMAC-SHA256 under the token key: what is stored of tokens, codes and identifiers."""
        key = working_key(self._keys, KeyPurpose.TOKEN)
        return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")

    def _cipher(self, key: WrappedKey) -> AESGCM:
        with self._lock:
            cipher = self._ciphers.get(key)
            if cipher is not None:
                self._ciphers.move_to_end(key)
                return cipher
        cipher = AESGCM(self._unwrap(key))
        with self._lock:
            self._ciphers[key] = cipher
            while len(self._ciphers) > self._limit:
                self._ciphers.popitem(last=False)
        return cipher

    def _wrap(self, id: UUID, data_key: bytes) -> WrappedKey:
        kek_id = self._keys.current(KeyPurpose.CARD).id
        head = _VERSION + bytes([len(kek_id)]) + kek_id.encode("ascii")
        nonce = os.urandom(_NONCE_BYTES)
        cipher = AESGCM(working_key(self._keys, KeyPurpose.CARD, kek_id))
        return WrappedKey(id, head + nonce + cipher.encrypt(nonce, data_key, _WRAP_LABEL + head + id.bytes))

    def _unwrap(self, key: WrappedKey) -> bytes:
        try:
            kek_id = key.kek_id
            head, rest = key.wrapped[: 2 + len(kek_id)], key.wrapped[2 + len(kek_id) :]
            if head[:1] != _VERSION or len(rest) < _NONCE_BYTES + _TAG_BYTES:
                raise CannotOpen
            cipher = AESGCM(working_key(self._keys, KeyPurpose.CARD, kek_id))
            nonce, wrapped = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
            return cipher.decrypt(nonce, wrapped, _WRAP_LABEL + head + key.id.bytes)
        except (InvalidTag, KeyUnknown, IndexError, UnicodeDecodeError):
            raise CannotOpen from None


def data_key_id(sealed: bytes) -> UUID:
    """Which data key a ciphertext was sealed under; raises `CannotOpen` where it is not one of ours."""
    if len(sealed) < _SEALED_AT + _TAG_BYTES or sealed[:1] != _VERSION:
        raise CannotOpen
    return UUID(bytes=sealed[1:_NONCE_AT])


def _opened(cipher: AESGCM, key_id: UUID, card_id: UUID, name: str, sealed: bytes) -> str:
    return _opened_bytes(cipher, key_id, _place(card_id, name), sealed).decode()


def _opened_bytes(cipher: AESGCM, key_id: UUID, place: bytes, sealed: bytes) -> bytes:
    if data_key_id(sealed) != key_id:
        raise CannotOpen
    try:
        return cipher.decrypt(sealed[_NONCE_AT:_SEALED_AT], sealed[_SEALED_AT:], place)
    except InvalidTag:
        raise CannotOpen from None


def _place(card_id: UUID, name: str) -> bytes:
    return _CARD_LABEL + card_id.bytes + name.encode()


def _piece_place(batch_id: UUID, number: int) -> bytes:
    return _PIECE_LABEL + batch_id.bytes + number.to_bytes(4, "big")
