"""Channels' places, people, customers and tokens, inside one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.access.records import AgentRecord, Place, SignInMethod, TokenDraft, TokenKind, TokenRecord
from domain.access.views import Agent, Customer
from domain.ids import new_id
from persistence.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from persistence.work import Work

# A channel works while neither it nor any of its ancestors is suspended.
ACTIVE = "NOT EXISTS (SELECT FROM channel up WHERE up.id = ANY(c.path) AND up.status <> 'ACTIVE')"

_PLACE = f"SELECT c.id, c.code, c.name, c.path, {ACTIVE} AS active FROM channel c"
_PLACE_NAMED = Statement(f"{_PLACE} WHERE c.code = :code")
_PLACE_OF = Statement(f"{_PLACE} WHERE c.id = :id")

_AGENT = f"""SELECT a.id, a.email, a.name, a.roles, a.channel_id, c.path AS channel_path, a.password_hash,
       a.one_time_secret, a.disabled_at IS NULL AND {ACTIVE} AS active, a.created_at, a.disabled_at
  FROM agent a JOIN channel c ON c.id = a.channel_id"""
_AGENT_BY_EMAIL = Statement(f"{_AGENT} WHERE lower(a.email) = :email")
_AGENT_BY_ID = Statement(f"{_AGENT} WHERE a.id = :id FOR UPDATE OF a")
_ADD_AGENT = Statement(
    """INSERT INTO agent (id, email, password_hash, name, channel_id, roles)
       VALUES (:id, :email, :password_hash, :name, :channel_id, :roles) ON CONFLICT DO NOTHING"""
)
_DISABLE = Statement("UPDATE agent SET disabled_at = now() WHERE id = :id AND disabled_at IS NULL")
_SET_PASSWORD = Statement("UPDATE agent SET password_hash = :password_hash WHERE id = :id")

# The update that changes nothing makes the row of a concurrent twin readable here.
_CUSTOMER = Statement(
    """INSERT INTO customer (id, channel_id, method, identifier_hmac, identifier_masked)
       VALUES (:id, :channel_id, :method, :hmac, :masked)
       ON CONFLICT (channel_id, method, identifier_hmac) DO UPDATE SET method = excluded.method
       RETURNING id, channel_id, method, identifier_masked AS identifier, created_at"""
)

_ADD_TOKEN = Statement(
    """INSERT INTO token
       (id, kind, hmac, channel_id, agent_id, customer_id, scopes, name, settings, expires_at)
       VALUES
       (:id, :kind, :hmac, :channel_id, :agent_id, :customer_id, :scopes, :name, :settings, :expires_at)"""
)
_TOKEN = Statement(
    """SELECT t.id, t.kind, t.channel_id, c.path AS channel_path, t.agent_id, t.customer_id, t.scopes, t.name,
              t.created_at, t.expires_at, t.revoked_at
         FROM token t JOIN channel c ON c.id = t.channel_id WHERE t.id = :id FOR UPDATE OF t"""
)
_REVOKE = Statement("UPDATE token SET revoked_at = now() WHERE id = ANY(:ids) AND revoked_at IS NULL")
_SESSIONS = Statement(
    """SELECT id FROM token WHERE agent_id = :agent_id AND revoked_at IS NULL AND expires_at > now()
        ORDER BY id FOR UPDATE"""
)


class StoredIdentities:
    """Fills `domain.access.ports.Identities`."""

    def __init__(self, work: Work) -> None:
        self._connection = work.connection
        self._callers = work.tools.callers

    async def place(self, code: str) -> Place | None:
        """The channel of this code."""
        return _place(await _PLACE_NAMED.one(self._connection, code=code))

    async def place_of(self, channel_id: UUID) -> Place | None:
        """The channel of this id."""
        return _place(await _PLACE_OF.one(self._connection, id=channel_id))

    async def agent_by_email(self, email: str) -> AgentRecord | None:
        """The person who signs in with this address (lower case)."""
        return _agent(await _AGENT_BY_EMAIL.one(self._connection, email=email))

    async def agent(self, agent_id: UUID) -> AgentRecord | None:
        """The person of this id, locked."""
        return _agent(await _AGENT_BY_ID.one(self._connection, id=agent_id))

    async def add_agent(self, agent: Agent, password_hash: str) -> bool:
        """Write a new person; False when the address is taken."""
        added = await _ADD_AGENT.run(
            self._connection,
            id=agent.id,
            email=agent.email,
            password_hash=password_hash,
            name=agent.name,
            channel_id=agent.channel_id,
            roles=[role.value for role in agent.roles],
        )
        return added == 1

    async def disable_agent(self, agent_id: UUID) -> None:
        """Let the person not sign in any more."""
        self._callers.doubt(self._connection)
        await _DISABLE.run(self._connection, id=agent_id)

    async def set_password(self, agent_id: UUID, password_hash: str) -> None:
        """Replace the password's hash."""
        await _SET_PASSWORD.run(self._connection, id=agent_id, password_hash=password_hash)

    async def customer(self, channel_id: UUID, method: SignInMethod, hmac: bytes, masked: str) -> Customer:
        """The channel's customer with this identifier, made when there is none."""
        row = await _CUSTOMER.one(
            self._connection,
            id=new_id(),
            channel_id=channel_id,
            method=method.value,
            hmac=hmac,
            masked=masked,
        )
        assert row is not None
        return customer_of(row)

    async def add_token(self, token: TokenDraft) -> None:
        """Write a new token."""
        await _ADD_TOKEN.run(
            self._connection,
            id=token.id,
            kind=token.kind.value,
            hmac=token.hmac,
            channel_id=token.channel_id,
            agent_id=token.agent_id,
            customer_id=token.customer_id,
            scopes=list(token.scopes),
            name=token.name,
            settings=token.settings,
            expires_at=token.expires_at,
        )

    async def token(self, token_id: UUID) -> TokenRecord | None:
        """The token of this id, locked."""
        row = await _TOKEN.one(self._connection, id=token_id)
        if row is None:
            return None
        facts = dict(row) | {"kind": TokenKind(row["kind"])}
        return TokenRecord(**_tupled(facts, "channel_path", "scopes"))

    async def revoke_tokens(self, token_ids: Sequence[UUID]) -> None:
        """Make tokens worthless at once."""
        self._callers.doubt(self._connection)
        await _REVOKE.run(self._connection, ids=list(token_ids))

    async def sessions_of(self, agent_id: UUID) -> list[UUID]:
        """The ids of a person's live tokens."""
        return [row["id"] for row in await _SESSIONS.all(self._connection, agent_id=agent_id)]


def customer_of(row: Any) -> Customer:
    """A customer from a row of id, channel_id, method, identifier, created_at."""
    return Customer(**dict(row) | {"method": SignInMethod(row["method"])})


def _place(row: Any) -> Place | None:
    return None if row is None else Place(**_tupled(dict(row), "path"))


def _agent(row: Any) -> AgentRecord | None:
    return None if row is None else AgentRecord(**_tupled(dict(row), "roles", "channel_path"))


def _tupled(facts: dict[str, Any], *names: str) -> dict[str, Any]:
    return facts | {name: tuple(facts[name]) for name in names}
