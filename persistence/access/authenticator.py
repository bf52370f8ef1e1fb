"""Tells callers from strangers: every request is looked up, so that revoking works at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from domain.access import permissions
from domain.access.callers import Caller, CallerKind
from domain.access.permissions import Role
from domain.refusals import Unauthenticated
from persistence.access.credentials import PREFIXES
from persistence.access.identities import ACTIVE
from persistence.access.trusted import TRUSTED_ONLY
from persistence.gathering import Gathered
from persistence.statements import Statement

if TYPE_CHECKING:
    from persistence.database import Database
    from persistence.work import Tools

# People and customers are where they are now, and not where they were when they signed in.
_FIND = Statement(
    f"""SELECT t.hmac, t.id AS token_id, t.kind, t.name AS token_name, t.scopes, t.expires_at,
               c.id AS channel_id, c.path, a.id AS agent_id, a.name AS agent_name, a.roles, t.customer_id,
               t.kind IN ('STOREFRONT', 'CUSTOMER') AND {TRUSTED_ONLY} AS trusted_only
          FROM token t
          LEFT JOIN agent a ON a.id = t.agent_id
          LEFT JOIN customer b ON b.id = t.customer_id
          JOIN channel c ON c.id = COALESCE(a.channel_id, b.channel_id, t.channel_id)
         WHERE t.hmac = ANY (CAST(:hmacs AS bytea[])) AND t.revoked_at IS NULL
           AND (t.expires_at IS NULL OR t.expires_at > now())
           AND a.disabled_at IS NULL AND {ACTIVE}"""
)
_SHORTEST, _LONGEST = 40, 64
"""Characters of a token; anything else was never one."""

_LONGEST_DEVICE = 128


class TokenAuthenticator:
    """Fills `domain.access.ports.Authenticator`."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database, self._vault = database, tools.vault
        self._rows = Gathered(self._find)

    async def caller_of(
        self, token: str | None, *, address: str, device_id: str | None, request_id: str
    ) -> Caller:
        """The caller; anonymous without a token. Raises Unauthenticated for a token that is not valid now."""
        device = device_id[:_LONGEST_DEVICE] if device_id and device_id.isprintable() else None
        seen: dict[str, Any] = {"address": address, "device_id": device, "request_id": request_id}
        if token is None:
            return Caller(CallerKind.ANONYMOUS, **seen)
        if not (_SHORTEST <= len(token) <= _LONGEST and token.isascii()):
            raise Unauthenticated()
        row = await self._rows.one(self._vault.token_hmac(token))
        if row is None or not token.startswith(_PREFIX_OF[row["kind"]]):
            raise Unauthenticated()
        return Caller(
            **seen,
            **_principal(row),
            token_id=row["token_id"],
            channel_id=row["channel_id"],
            channel_path=tuple(row["path"]),
            expires_at=row["expires_at"],
            trusted_only=row["trusted_only"],
        )

    async def _find(self, hmacs: Sequence[bytes]) -> dict[bytes, Any]:
        async with self._database.connection() as connection:
            return {row["hmac"]: row for row in await _FIND.all(connection, hmacs=list(hmacs))}


_PREFIX_OF = {kind.value: prefix for kind, prefix in PREFIXES.items()}


def _principal(row: Any) -> dict[str, Any]:
    kind = CallerKind(row["kind"])
    if kind is CallerKind.AGENT:
        roles = frozenset(Role(role) for role in row["roles"])
        return {
            "kind": kind,
            "subject_id": row["agent_id"],
            "name": row["agent_name"],
            "roles": frozenset(role.value for role in roles),
            "permissions": permissions.of_agent(roles, at_headquarters=len(row["path"]) == 1),
        }
    if kind is CallerKind.CUSTOMER:
        return {"kind": kind, "subject_id": row["customer_id"], "permissions": permissions.CUSTOMER}
    scopes = frozenset(row["scopes"])
    allowed = permissions.STOREFRONT if kind is CallerKind.STOREFRONT else permissions.of_scopes(scopes)
    return {
        "kind": kind,
        "subject_id": row["token_id"],
        "name": row["token_name"],
        "scopes": scopes,
        "permissions": allowed,
    }
