"""What views of people and of tokens are made of; neither a password's hash nor a token's is among it."""

from __future__ import annotations

from domain.access.permissions import Role
from domain.access.records import TokenKind
from domain.access.views import AccessToken, Agent
from persistence.channels.shapes import channel_of
from persistence.selecting.shapes import Shape, part
from persistence.tables.access import agent, token

AGENT = Shape(
    Agent,
    agent.alias("x"),
    {
        "id": part("id"),
        "name": part("name"),
        "email": part("email"),
        "roles": part("roles", make=lambda roles: [Role(role) for role in roles]),
        "channel_id": part("channel_id"),
        "created_at": part("created_at"),
        "disabled_at": part("disabled_at"),
    },
    relations={"channel": channel_of("xch", "channel_id")},
)
TOKEN = Shape(
    AccessToken,
    token.alias("x"),
    {
        "id": part("id"),
        "kind": part("kind", make=TokenKind),
        "name": part("name"),
        "scopes": part("scopes", make=list),
        "channel_id": part("channel_id"),
        "created_at": part("created_at"),
        "expires_at": part("expires_at"),
        "revoked_at": part("revoked_at"),
    },
    relations={"channel": channel_of("xch", "channel_id")},
)
