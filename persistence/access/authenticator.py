"""Tells callers from strangers: one statement, believed for half a second and never beyond a revocation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

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
    from collections.abc import Callable

    from persistence.database import Database
    from persistence.trust import Mark
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
_MOST_KNOWN = 10_000
"""Tokens whose callers are remembered."""


def _nothing() -> int | None:
    """A process without a feed."""
    return None


class _Known(NamedTuple):
    """What a token was worth when it was last looked up."""

    mark: Mark
    expires_at: datetime | None
    facts: dict[str, Any]


class TokenAuthenticator:
    """Fills `domain.access.ports.Authenticator`.

    `heard` tells the position of the feed in this process; callers are remembered once there is one, because
    whoever follows what ends a caller has to begin at the position at which the token was valid.
    """

    def __init__(self, database: Database, tools: Tools, heard: Callable[[], int | None] = _nothing) -> None:
        self._database, self._vault, self._trust = database, tools.vault, tools.callers
        self._heard = heard
        self._rows = Gathered(self._find)
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

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
        # What memory is searched by never leaves it, so it needs no key; that of tokens is for the database.
        mark_of_token = sha256(token.encode()).digest()
        known = self._known.get(mark_of_token)
        if known is not None and self._trust.holds(known.mark) and _lasts(known.expires_at):
            return Caller(**seen, **known.facts)
        return Caller(**seen, **await self._looked_up(token, mark_of_token))

    async def _looked_up(self, token: str, mark_of_token: bytes) -> dict[str, Any]:
        """What a token is worth now; raises Unauthenticated."""
        self._known.pop(mark_of_token, None)
        mark, heard = self._trust.mark(), self._heard()
        row = await self._rows.one(self._vault.token_hmac(token))
        if row is None or not token.startswith(_PREFIX_OF[row["kind"]]):
            raise Unauthenticated()
        facts = _principal(row)
        facts |= {"token_id": row["token_id"], "channel_id": row["channel_id"], "known_at": heard}
        facts |= {"channel_path": tuple(row["path"]), "expires_at": row["expires_at"]}
        facts["trusted_only"] = row["trusted_only"]
        if heard is not None:
            self._known[mark_of_token] = _Known(mark, row["expires_at"], facts)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return facts

    async def _find(self, hmacs: Sequence[bytes]) -> dict[bytes, Any]:
        async with self._database.connection() as connection:
            return {row["hmac"]: row for row in await _FIND.all(connection, hmacs=list(hmacs))}


def _lasts(expires_at: datetime | None) -> bool:
    return expires_at is None or datetime.now(UTC) < expires_at


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
