"""What the API shows of callers, people and tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.access.callers import Caller, CallerKind
from domain.access.permissions import Role
from domain.access.records import SignInMethod, TokenKind
from domain.selected import Joining


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, as that principal sees itself."""

    kind: CallerKind
    permissions: list[str]
    roles: list[Role]
    name: str
    expires_at: datetime | None
    channel_id: UUID | None

    @classmethod
    def of(cls, caller: Caller) -> Viewer:
        """The view of a caller; lists are in the order of the alphabet."""
        return cls(
            kind=caller.kind,
            permissions=sorted(caller.permissions),
            roles=[Role(role) for role in sorted(caller.roles)],
            name=caller.name,
            expires_at=caller.expires_at,
            channel_id=caller.channel_id,
        )


@dataclass(frozen=True, slots=True)
class Agent(Joining):
    """A person who works in a channel."""

    id: UUID
    name: str
    email: str
    roles: list[Role]
    channel_id: UUID
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Customer:
    """Someone who buys in a channel; of the identifier only the mask is known."""

    id: UUID
    channel_id: UUID
    method: SignInMethod
    identifier: str
    created_at: datetime
    segments: list[str] = field(default_factory=list)
    """What the back office calls those like this one."""


@dataclass(frozen=True, slots=True)
class AccessToken(Joining):
    """A storefront's or an API client's token, without its text."""

    id: UUID
    kind: TokenKind
    name: str
    scopes: list[str]
    channel_id: UUID
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A token at the only moment when its text is known."""

    id: UUID
    kind: TokenKind
    name: str
    scopes: list[str]
    channel_id: UUID
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AgentSession:
    """A person has signed in."""

    access_token: str = field(repr=False)
    expires_at: datetime
    agent: Agent


@dataclass(frozen=True, slots=True)
class CustomerSession:
    """A customer has signed in."""

    access_token: str = field(repr=False)
    expires_at: datetime
    customer: Customer


@dataclass(frozen=True, slots=True)
class SignInCodeSent:
    """A code is on its way."""

    identifier: str
    expires_at: datetime
    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class PortalKey:
    """A channel's new portal key at the only moment when it is known."""

    channel_id: UUID
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The session is over."""

    at: datetime
