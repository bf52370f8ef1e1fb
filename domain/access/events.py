"""What happened to people and tokens, for the record and for whoever must let go of a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCreated(Event):
    """Somebody made a storefront or API token; the aggregate is the token."""

    kind = "token.created"
    token_kind: str

    def payload(self) -> dict[str, Any]:
        """Which kind of token."""
        return {"kind": self.token_kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    """A token or a session is worthless from now on; the aggregate is the token."""

    kind = "token.revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCreated(Event):
    """A person may sign in; the aggregate is the person."""

    kind = "agent.created"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDisabled(Event):
    """A person may not sign in any more."""

    kind = "agent.disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalKeyRotated(Event):
    """A channel has a new portal key; the aggregate is the channel."""

    kind = "portal-key.rotated"
