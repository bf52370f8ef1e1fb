"""The demo's people and tokens, made by the commands that real ones are made by."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.access.callers import SYSTEM
from domain.access.people import CreateAgent
from domain.access.permissions import CARDS_REDEEM, HEADQUARTERS_ROLES, ORDERS_PAY, ORDERS_PLACE, Role
from domain.access.records import TokenKind
from domain.access.tokens import CreateToken
from domain.refusals import Unauthenticated
from persistence.statements import Statement

if TYPE_CHECKING:
    from persistence.store import Store

AT_ONCE = 4
"""People made at the same time: their passwords are hashed in threads."""

_NAME = "demo"
_ALL_ROLES = (Role.OWNER, Role.FINANCE, Role.SALES, Role.SUPPORT, *sorted(HEADQUARTERS_ROLES))
_KNOWN = Statement("SELECT email FROM agent WHERE email = ANY(CAST(:emails AS text[]))")
_FORGET = Statement(
    """UPDATE token SET revoked_at = now()
         FROM channel c WHERE c.id = token.channel_id AND c.code = :channel AND token.kind = :kind
          AND token.name = :name AND token.revoked_at IS NULL"""
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in."""

    email: str
    name: str
    channel: str
    role: Role


def people_of(channels: Mapping[str, str], root: str) -> list[Person]:
    """An owner for each channel (code → name), and one person for every other role at headquarters."""
    owners = [Person(_email(Role.OWNER, code), name, code, Role.OWNER) for code, name in channels.items()]
    return owners + [
        Person(_email(role, root), f"{channels[root]} {role}", root, role)
        for role in _ALL_ROLES
        if role is not Role.OWNER
    ]


def _email(role: Role, channel: str) -> str:
    return f"{role.lower()}@{channel}.example"


async def enter_people(store: Store, people: Sequence[Person]) -> list[dict[str, Any]]:
    """Make those who are missing; answers each with the password that the keys give it."""
    async with store.database.connection() as connection:
        rows = await _KNOWN.all(connection, emails=[person.email for person in people])
    known = {row["email"] for row in rows}
    room = asyncio.Semaphore(AT_ONCE)

    async def enter(person: Person) -> None:
        async with room:
            command = CreateAgent(
                person.email, person.name, person.channel, (person.role,), _password(store, person)
            )
            await store.perform(command, SYSTEM)

    await asyncio.gather(*(enter(person) for person in people if person.email not in known))
    return [
        {
            "email": person.email,
            "password": _password(store, person),
            "channel": person.channel,
            "roles": [person.role.value],
        }
        for person in people
    ]


def _password(store: Store, person: Person) -> str:
    """The same at every start, so that a lost `demo.json` is written again as it was."""
    digest = store.tools.vault.token_hmac(f"demo password of {person.email}")
    letters = base64.b32encode(digest).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


async def enter_tokens(
    store: Store, shops: Iterable[str], root: str, kept: Mapping[str, Any]
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """A storefront's and a server's token for each shop, and the redeemer's; those in `kept` that still work
    stay.
    """
    shops = list(shops)
    pages = kept.get("storefrontTokens", {})
    servers = {(one["channel"], tuple(one["scopes"])): one["token"] for one in kept.get("apiTokens", [])}
    wanted = [*((shop, (ORDERS_PAY, ORDERS_PLACE)) for shop in shops), (root, (CARDS_REDEEM,))]
    storefront = {
        shop: await _token(store, TokenKind.STOREFRONT, shop, (), pages.get(shop)) for shop in shops
    }
    api = [
        {
            "channel": channel,
            "scopes": list(scopes),
            "token": await _token(
                store, TokenKind.API_CLIENT, channel, scopes, servers.get((channel, scopes))
            ),
        }
        for channel, scopes in wanted
    ]
    return storefront, api


async def _token(
    store: Store, kind: TokenKind, channel: str, scopes: tuple[str, ...], known: str | None
) -> str:
    if known is not None and await _works(store, known):
        return known
    async with store.database.connection() as connection:
        await _FORGET.run(connection, channel=channel, kind=kind.value, name=_NAME)
    created = await store.perform(CreateToken(kind, channel, _NAME, scopes), SYSTEM)
    return str(created.token)


async def _works(store: Store, token: str) -> bool:
    try:
        await store.authenticator.caller_of(token, address="", device_id=None, request_id="")
    except Unauthenticated:
        return False
    return True
