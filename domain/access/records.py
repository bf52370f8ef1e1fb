"""Rows of people, tokens and proofs as use cases read and write them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class TokenKind(StrEnum):
    """What a token was made for; people create the first two, signing in the others."""

    STOREFRONT = "STOREFRONT"
    API_CLIENT = "API_CLIENT"
    AGENT = "AGENT"
    CUSTOMER = "CUSTOMER"


class SignInMethod(StrEnum):
    """How a customer proves who it is."""

    PHONE_CODE = "PHONE_CODE"
    WECHAT_CODE = "WECHAT_CODE"
    PORTAL_TOKEN = "PORTAL_TOKEN"  # noqa: S105 - a method


@dataclass(frozen=True, slots=True)
class Place:
    """A channel as access sees it: where it stands, and whether its tokens work."""

    id: UUID
    code: str
    name: str
    path: tuple[UUID, ...]
    active: bool
    """False while it or one of its ancestors is suspended."""

    @property
    def at_headquarters(self) -> bool:
        """Whether it is the root of the tree."""
        return len(self.path) == 1


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """A person with what proves it."""

    id: UUID
    email: str
    name: str
    roles: tuple[str, ...]
    channel_id: UUID
    channel_path: tuple[UUID, ...]
    password_hash: str = field(repr=False)
    one_time_secret: bytes | None = field(repr=False)
    active: bool
    """False when the person is disabled, or its channel or an ancestor is suspended."""
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenDraft:
    """A token to write; only the hash of its text is kept."""

    id: UUID
    kind: TokenKind
    hmac: bytes = field(repr=False)
    channel_id: UUID
    agent_id: UUID | None = None
    customer_id: UUID | None = None
    scopes: tuple[str, ...] = ()
    name: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token as it is kept."""

    id: UUID
    kind: TokenKind
    channel_id: UUID
    channel_path: tuple[UUID, ...]
    agent_id: UUID | None
    customer_id: UUID | None
    scopes: tuple[str, ...]
    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """A one-time code as it is kept."""

    id: UUID
    code_hmac: bytes = field(repr=False)
    failures: int
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class CodesAsked:
    """How often codes were asked for one identifier in the last 24 hours."""

    count: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made: the text for its owner, the hash for us."""

    text: str = field(repr=False)
    hmac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PortalClaims:
    """What a portal has signed: who, and a name for this one proof."""

    subject: str = field(repr=False)
    proof_id: str
    expires_at: datetime
