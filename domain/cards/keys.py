"""The port to the keys, which live outside the database, and the rule by which working keys are made of them.

Every purpose has root keys of its own, so that losing one ring loses one thing. A root key is never used as
it is: `derive` makes the working key with HKDF-SHA256 (RFC 5869, no salt, the label as info).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

KEY_BYTES = 32


class KeyPurpose(StrEnum):
    """What a ring of root keys is for."""

    CARD = "card"
    """Wraps the data keys of batches; rotating it re-wraps them and touches no card."""
    INDEX = "index"
    """Blind indexes; rotating it means computing every index again."""
    CODE = "code"
    """The check characters of minted codes; codes in circulation need their key for as long as they live."""
    TOKEN = "token"  # noqa: S105 - a purpose, not a password
    """Hashes of session and API tokens; rotating it signs everybody out once the old key goes."""
    PRESENTATION = "presentation"
    """Rotating presentation codes; the old key is needed for as long as a code lives, under a minute."""


@dataclass(frozen=True)
class RootKey:
    """One root key: its id, which is public, and 32 bytes, which are not printed."""

    id: str
    material: bytes = field(repr=False)


class KeyUnknown(Exception):
    """No root key of this id and purpose is at hand."""

    def __init__(self, purpose: KeyPurpose, key_id: str = "") -> None:
        super().__init__(f"There is no {purpose} key {key_id}".rstrip() + ".")
        self.purpose, self.key_id = purpose, key_id


class KeysAreFixed(Exception):
    """These keys are given from outside and cannot be rotated from here."""


class KeyProvider(Protocol):
    """Where root keys come from: a file beside the demo, the environment, or a vendor's key store."""

    def current(self, purpose: KeyPurpose) -> RootKey:
        """The key for new work; raises `KeyUnknown` where the purpose has none."""

    def by_id(self, purpose: KeyPurpose, key_id: str) -> RootKey:
        """The key that something older was made with; raises `KeyUnknown`."""

    def ring(self, purpose: KeyPurpose) -> tuple[RootKey, ...]:
        """Every key of a purpose, the current one first: what is older was made with one of the others."""

    def rotate(self, purpose: KeyPurpose) -> RootKey:
        """Make a new key, keep the old ones, and answer the new one; raises `KeysAreFixed`."""


def derive(root: RootKey, label: str) -> bytes:
    """The 32-byte working key of `label` under `root`."""
    extracted = hmac.digest(bytes(KEY_BYTES), root.material, "sha256")
    return hmac.digest(extracted, label.encode() + b"\x01", "sha256")


def working_key(provider: KeyProvider, purpose: KeyPurpose, key_id: str | None = None) -> bytes:
    """The working key of a purpose that has one: of the current root key, or of the one named."""
    root = provider.current(purpose) if key_id is None else provider.by_id(purpose, key_id)
    return derive(root, f"quanyi.{purpose}.v1")
