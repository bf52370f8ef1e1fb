"""A process remembers for a moment what a token is worth, and forgets it at once when it is worth less."""

from __future__ import annotations

import asyncio

import pytest

from domain.access.callers import Caller
from domain.access.tokens import RevokeToken
from domain.refusals import Unauthenticated
from persistence.access.authenticator import TokenAuthenticator
from persistence.trust import TRUSTED_S
from tests.access.world import World


class Door:
    """The authenticator of a process whose feed has read up to `heard`."""

    def __init__(self, world: World) -> None:
        world.database.after.append(world.tools.callers.over)
        self.heard: int | None = 7
        self._authenticator = TokenAuthenticator(world.database, world.tools, lambda: self.heard)

    async def knock(self, token: str) -> Caller:
        return await self._authenticator.caller_of(token, address="", device_id=None, request_id="r")


async def test_a_token_is_looked_up_once_in_a_moment(world: World) -> None:
    door, made = Door(world), await world.token("SHOP-A")
    first = await door.knock(made.token)
    await world.run("UPDATE token SET name = 'another' WHERE id = $1", first.token_id)
    assert (await door.knock(made.token)).name == first.name
    await asyncio.sleep(TRUSTED_S)
    assert (await door.knock(made.token)).name == "another"


async def test_a_token_that_this_process_revokes_is_worthless_at_once(world: World) -> None:
    door, made = Door(world), await world.token("SHOP-A")
    caller = await door.knock(made.token)
    assert caller.token_id is not None
    await world.perform(RevokeToken(caller.token_id), await world.owner("SHOP-A"))
    with pytest.raises(Unauthenticated):
        await door.knock(made.token)


async def test_a_token_that_is_revoked_elsewhere_is_worthless_within_a_second(world: World) -> None:
    door, made = Door(world), await world.token("SHOP-A")
    caller = await door.knock(made.token)
    await world.run("UPDATE token SET revoked_at = now() WHERE id = $1", caller.token_id)
    await asyncio.sleep(TRUSTED_S)
    with pytest.raises(Unauthenticated):
        await door.knock(made.token)


async def test_who_follows_the_log_begins_where_the_token_was_looked_up(world: World) -> None:
    door, made = Door(world), await world.token("SHOP-A")
    assert (await door.knock(made.token)).known_at == 7
    door.heard = 9
    assert (await door.knock(made.token)).known_at == 7


async def test_nobody_is_remembered_while_the_feed_has_not_begun(world: World) -> None:
    door, made = Door(world), await world.token("SHOP-A")
    door.heard = None
    caller = await door.knock(made.token)
    await world.run("UPDATE token SET revoked_at = now() WHERE id = $1", caller.token_id)
    with pytest.raises(Unauthenticated):
        await door.knock(made.token)
