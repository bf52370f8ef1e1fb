"""Portal keys and the proofs signed with them: JWTs that are short-lived, for one channel, and good once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import jwt

from domain.access.records import PortalClaims
from persistence.access.sealing import open_sealed, seal
from persistence.statements import Statement

if TYPE_CHECKING:
    from persistence.work import Work

LONGEST_LIFE = timedelta(minutes=10)
"""Between a proof's `iat` and its `exp`, and from now to its `exp`."""

SKEW = timedelta(seconds=30)
"""How far the portal's clock may be ahead of ours."""

_PURPOSE = "portal-key"
_LONGEST_PROOF, _LONGEST_NAME = 4_096, 128
_CLAIMS = ["exp", "iat", "jti", "aud", "sub"]

_SET = Statement(
    """INSERT INTO portal_key (channel_id, wrapped_key) VALUES (:channel_id, :key)
       ON CONFLICT (channel_id) DO UPDATE SET wrapped_key = excluded.wrapped_key, created_at = now()"""
)
_GET = Statement("SELECT wrapped_key FROM portal_key WHERE channel_id = :channel_id")
_SPEND = Statement(
    """INSERT INTO spent_proof (digest, expires_at) VALUES (:digest, :expires_at)
       ON CONFLICT DO NOTHING RETURNING true"""
)


class StoredPortals:
    """Fills `domain.access.ports.Portals`."""

    def __init__(self, work: Work) -> None:
        self._connection, self._vault = work.connection, work.tools.vault

    async def rotate(self, channel_id: UUID) -> str:
        """Give a channel a new key of 256 bits, and answer it."""
        key = f"qs_pk_{secrets.token_urlsafe(32)}"
        sealed = seal(self._vault, channel_id, _PURPOSE, key)
        await _SET.run(self._connection, channel_id=channel_id, key=sealed)
        return key

    async def claims(self, channel_id: UUID, proof: str, audience: str, now: datetime) -> PortalClaims | None:
        """What a valid proof says; None for any other text."""
        sealed = await _GET.value(self._connection, channel_id=channel_id)
        # Without a key the same work is done with one that nobody has.
        key = secrets.token_urlsafe(32)
        if sealed is not None:
            key = open_sealed(self._vault, _PURPOSE, sealed, channel_id)
        return _read(proof, key, audience, now)

    async def spend(self, channel_id: UUID, claims: PortalClaims) -> bool:
        """Use a proof up; False when it was used before."""
        return await spend(self._connection, f"{channel_id}:{claims.proof_id}", claims.expires_at)


async def spend(connection: Any, proof: str, expires_at: datetime) -> bool:
    """Note that something was used which is good once; False when it was noted before."""
    digest = hashlib.sha256(proof.encode("utf-8", "surrogatepass")).digest()
    return await _SPEND.value(connection, digest=digest, expires_at=expires_at + SKEW) is True


def _read(proof: str, key: str, audience: str, now: datetime) -> PortalClaims | None:
    if len(proof) > _LONGEST_PROOF or not proof.isascii():
        return None
    try:
        # The database's clock decides, so times are compared here and not in the library.
        options: Any = {"require": _CLAIMS, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        said = jwt.decode(proof, key.encode(), algorithms=["HS256"], audience=audience, options=options)
        issued_at, expires_at = _moment(said["iat"]), _moment(said["exp"])
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        return None
    lives = issued_at - SKEW <= now < expires_at <= now + LONGEST_LIFE + SKEW
    named = isinstance(said["jti"], str) and 0 < len(said["jti"]) <= _LONGEST_NAME
    if not lives or expires_at - issued_at > LONGEST_LIFE or not named or said["aud"] != audience:
        return None
    return PortalClaims(str(said["sub"]), said["jti"], expires_at)


def _moment(seconds: Any) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("not a time")
    return datetime.fromtimestamp(seconds, UTC)
