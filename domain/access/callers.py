"""The caller: one settled answer to who asks, from where, and what that principal may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.refusals import Forbidden, Unauthenticated


class CallerKind(StrEnum):
    """The kinds of principal; SYSTEM is our own worker and never comes from a token."""

    ANONYMOUS = "ANONYMOUS"
    STOREFRONT = "STOREFRONT"
    CUSTOMER = "CUSTOMER"
    AGENT = "AGENT"
    API_CLIENT = "API_CLIENT"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `channel_path` holds the channel ids from the root down to the caller's own."""

    kind: CallerKind
    permissions: frozenset[str] = frozenset()
    subject_id: UUID | None = None
    """The customer's, agent's or token's id, by kind."""
    token_id: UUID | None = None
    name: str = ""
    roles: frozenset[str] = frozenset()
    channel_id: UUID | None = None
    channel_path: tuple[UUID, ...] = ()
    address: str = ""
    """The network address of the client, for guessing limits."""
    device_id: str | None = None
    request_id: str = ""
    expires_at: datetime | None = None
    """When the session ends; None for tokens without an end."""
    scopes: frozenset[str] = field(default=frozenset())
    known_at: int | None = field(default=None, compare=False)
    """A position of the log of events before which the token was found valid; None when nobody can tell."""
    trusted_only: bool = False
    """Whether the caller's channel lets its front ends run registered documents only."""

    def may(self, permission: str) -> bool:
        """Whether the caller holds a permission."""
        return permission in self.permissions

    def must(self, permission: str) -> None:
        """Raise Forbidden (Unauthenticated without a token) unless the caller holds the permission."""
        if permission in self.permissions:
            return
        if self.kind is CallerKind.ANONYMOUS:
            raise Unauthenticated("Send a token in the header Authorization: Bearer ….")
        raise Forbidden(permission)

    @property
    def channel(self) -> UUID:
        """The caller's own channel; Unauthenticated for callers without one."""
        if self.channel_id is None:
            raise Unauthenticated("Send a token in the header Authorization: Bearer ….")
        return self.channel_id

    @property
    def audience(self) -> Caller:
        """The caller as all see it who are shown the same: place, permissions, and whose own things count.

        What belongs to one session alone is blank, so that nothing which is made for an audience can hold it.
        """
        return Caller(
            kind=self.kind,
            permissions=self.permissions,
            subject_id=self.customer_id,
            channel_id=self.channel_id,
            channel_path=self.channel_path,
        )

    @property
    def at_headquarters(self) -> bool:
        """Whether the caller's channel is the root of the tree."""
        return len(self.channel_path) == 1

    @property
    def customer_id(self) -> UUID | None:
        """The customer who calls, or None for other kinds."""
        return self.subject_id if self.kind is CallerKind.CUSTOMER else None

    @property
    def is_back_office(self) -> bool:
        """Whether rows of the whole subtree are visible: agents and API clients."""
        return self.kind in (CallerKind.AGENT, CallerKind.API_CLIENT)

    @property
    def idempotency_scope(self) -> str:
        """Whose keys a key is compared with: the account's, as with Stripe."""
        owner = self.channel_id if self.kind is CallerKind.STOREFRONT else self.subject_id or self.channel_id
        return f"{self.kind.value}:{owner}"


SYSTEM = Caller(kind=CallerKind.SYSTEM, name="system")
ANONYMOUS = Caller(kind=CallerKind.ANONYMOUS)
