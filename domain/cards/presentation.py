"""The code that a buyer shows at a counter: it changes every 15 s, so a screenshot is soon worthless.

A token reads `v1.kid.handle.step.jti.mac`: the root key's id, the card, the time step, a number used once,
and a MAC under a key derived for this card alone, which is never sent.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from domain.cards.keys import KeyProvider, KeyPurpose, KeyUnknown, RootKey, derive

STEP_S = 15
TOLERANCE_STEPS = 1

_VERSION = "v1"
_JTI_BYTES = 8
_MAC_BYTES = 16
_LONGEST = 200
_NO_KEY = RootKey("", bytes(32))


class SpentPresentations(Protocol):
    """Remembers which tokens were used, for at least as long as they could be used again."""

    async def spend(self, card_id: UUID, jti: bytes, until: datetime) -> bool:
        """Mark it used; false where it was already. `until` is when it may be forgotten."""


@dataclass(frozen=True)
class Presentation:
    """A token taken apart; nothing in it is believed before its MAC was checked."""

    key_id: str
    card_id: UUID
    step: int
    jti: bytes
    mac: bytes = field(repr=False)

    @property
    def dies_at(self) -> datetime:
        """The moment after which no verifier takes this token any more."""
        return datetime.fromtimestamp((self.step + TOLERANCE_STEPS + 1) * STEP_S, UTC)


def step_at(moment: datetime) -> int:
    """The time step of a moment with an offset."""
    return int(moment.timestamp() // STEP_S)


def present(keys: KeyProvider, card_id: UUID, now: datetime) -> str:
    """A new token for this card, good for the current step and one beside it."""
    root = keys.current(KeyPurpose.PRESENTATION)
    step, jti = step_at(now), secrets.token_bytes(_JTI_BYTES)
    signed = _signed_part(root.id, card_id, step, jti)
    return f"{signed}.{_text(_mac(root, card_id, signed))}"


def read(token: str) -> Presentation | None:
    """The token's parts, or nothing where it is not one; only the one spelling that we send is read."""
    parts = token.split(".") if len(token) <= _LONGEST and token.isascii() else []
    if len(parts) != 6 or parts[0] != _VERSION:
        return None
    try:
        card_id, step = UUID(bytes=_bytes(parts[2])), int(parts[3])
        found = Presentation(parts[1], card_id, step, _bytes(parts[4]), _bytes(parts[5]))
    except ValueError:
        return None
    signed = _signed_part(found.key_id, found.card_id, found.step, found.jti)
    sized = len(found.jti) == _JTI_BYTES and len(found.mac) == _MAC_BYTES
    return found if sized and f"{signed}.{_text(found.mac)}" == token else None


def is_genuine(found: Presentation, keys: KeyProvider, now: datetime) -> bool:
    """Whether we made this token for this card, at most one step from now."""
    try:
        root, known = keys.by_id(KeyPurpose.PRESENTATION, found.key_id), True
    except KeyUnknown:
        root, known = _NO_KEY, False
    signed = _signed_part(found.key_id, found.card_id, found.step, found.jti)
    matches = hmac.compare_digest(_mac(root, found.card_id, signed), found.mac)
    return known and matches and abs(step_at(now) - found.step) <= TOLERANCE_STEPS


async def accept(token: str, keys: KeyProvider, spent: SpentPresentations, now: datetime) -> UUID | None:
    """The card that the token presents, once; nothing for a wrong, late, early or used one."""
    found = read(token)
    if found is None or not is_genuine(found, keys, now):
        return None
    return found.card_id if await spent.spend(found.card_id, found.jti, found.dies_at) else None


def _signed_part(key_id: str, card_id: UUID, step: int, jti: bytes) -> str:
    return f"{_VERSION}.{key_id}.{_text(card_id.bytes)}.{step}.{_text(jti)}"


def _mac(root: RootKey, card_id: UUID, signed: str) -> bytes:
    card_key = derive(root, f"quanyi.presentation.v1.{card_id}")
    return hmac.digest(card_key, signed.encode(), "sha256")[:_MAC_BYTES]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
