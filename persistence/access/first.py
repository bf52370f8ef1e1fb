"""The first person of a new installation: somebody has to sign in before anybody can be invited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.access.callers import SYSTEM
from domain.access.people import CreateAgent
from domain.access.permissions import Role
from domain.channels.grow import FoundHeadquarters
from domain.refusals import InvalidInput
from persistence.starting import bring_up_to_date
from persistence.store import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.access.views import Agent
    from persistence.settings import Settings
    from persistence.store import Store

_NAME = "Headquarters"


async def settle(
    settings: Settings, email: str, name: str, channel: str, roles: Sequence[str], password: str
) -> Agent:
    """`make_agent` in the database of the settings, which is brought up to date first."""
    await bring_up_to_date(settings)
    async with opened(settings) as store:
        return await make_agent(store, email, name, channel, roles, password)


async def make_agent(
    store: Store, email: str, name: str, channel: str, roles: Sequence[str], password: str
) -> Agent:
    """Make a person; in a database without channels its channel too, as the root. Raises Refusal."""
    chosen = _roles(roles)
    async with store.database.connection() as connection:
        empty = await connection.fetchval("SELECT NOT EXISTS (SELECT FROM channel)")
    if empty:
        await store.perform(FoundHeadquarters(channel, _NAME), SYSTEM)
    return await store.perform(CreateAgent(email, name, channel, chosen, password), SYSTEM)  # type: ignore[no-any-return]


def _roles(names: Sequence[str]) -> tuple[Role, ...]:
    try:
        return tuple(Role(name.upper()) for name in names)
    except ValueError:
        raise InvalidInput(f"Roles are {', '.join(Role)}.", "role") from None
