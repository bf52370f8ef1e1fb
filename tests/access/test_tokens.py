"""Tokens are shown once, kept as hashes, worthless at once when revoked, and bound to their channel."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from domain.access.callers import SYSTEM, Caller, CallerKind
from domain.access.permissions import STOREFRONT, Role
from domain.access.portal_keys import RotatePortalKey
from domain.access.records import TokenKind
from domain.access.tokens import CreateToken, RevokeToken, SignOut
from domain.ids import new_id
from domain.paging import PageRequest
from domain.refusals import Forbidden, InvalidInput, NotFound, Unauthenticated
from tests.access.world import World

PAGE = PageRequest(20)


async def assert_stranger(world: World, token: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await world.caller(token)
    assert not token or token not in str(caught.value)


async def test_a_storefronts_token_is_publishable_and_has_fixed_rights(world: World) -> None:
    owner = await world.owner("GZ")
    made = await world.perform(CreateToken(TokenKind.STOREFRONT, "SHOP-A", " Mini program "), owner)
    assert re.fullmatch(r"qs_pub_[\w-]{43}", made.token)
    assert (made.kind, made.name, made.scopes) == (TokenKind.STOREFRONT, "Mini program", sorted(STOREFRONT))
    caller = await world.caller(made.token)
    assert (caller.kind, caller.channel_id) == (CallerKind.STOREFRONT, world.channels["SHOP-A"])
    assert caller.channel_path == tuple(world.channels[code] for code in ("HQ", "GD", "GZ", "SHOP-A"))
    assert (caller.permissions, caller.expires_at) == (STOREFRONT, None)


async def test_a_programs_token_may_what_its_scopes_say(world: World) -> None:
    made = await world.token("SHOP-A", "orders:pay", "cards:redeem")
    assert made.token.startswith("qs_sk_")
    assert made.scopes == ["cards:redeem", "orders:pay"]
    caller = await world.caller(made.token)
    assert caller.permissions == {
        "cards:redeem", "orders:pay", "orders:read", "cards:read", "catalog:read",
    }  # fmt: skip
    assert (caller.kind, caller.subject_id) == (CallerKind.API_CLIENT, made.id)


async def test_the_text_is_nowhere_in_the_database(world: World) -> None:
    made = await world.token("SHOP-A")
    assert [row for row in await world.column("SELECT token::text FROM token") if made.token in row] == []
    assert made.token not in repr(made)


@pytest.mark.parametrize(
    ("kind", "scopes", "name", "at"),
    [
        (TokenKind.API_CLIENT, (), "x", "scopes"),
        (TokenKind.API_CLIENT, ("orders:pay", "prices:write"), "x", "scopes"),
        (TokenKind.STOREFRONT, ("orders:pay",), "x", "scopes"),
        (TokenKind.AGENT, (), "x", "kind"),
        (TokenKind.STOREFRONT, (), "", "name"),
        (TokenKind.STOREFRONT, (), "a\x00b", "name"),
        (TokenKind.STOREFRONT, (), "x" * 101, "name"),
    ],
)
async def test_nonsense_is_refused(
    world: World, kind: TokenKind, scopes: tuple[str, ...], name: str, at: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await world.perform(CreateToken(kind, "SHOP-A", name, scopes), SYSTEM)
    assert caught.value.field == [at]
    assert await world.column("SELECT 1 FROM token") == []


@pytest.mark.parametrize("code", ["HQ", "GD", "ZJ", "NOWHERE", "a\x00b", "\ud800"])
async def test_channels_that_are_not_below_do_not_exist(world: World, code: str) -> None:
    owner = await world.owner("GZ")
    for command in (CreateToken(TokenKind.STOREFRONT, code, "x"), RotatePortalKey(code)):
        with pytest.raises(NotFound) as caught:
            await world.perform(command, owner)
        assert (caught.value.field, caught.value.what) == (["channel"], "channel")


async def test_only_owners_make_tokens(world: World) -> None:
    sales = await world.agent("GZ", Role.SALES)
    caller = await world.caller((await world.sign_in(sales.email)).access_token)
    with pytest.raises(Forbidden):
        await world.perform(CreateToken(TokenKind.STOREFRONT, "GZ", "x"), caller)


async def test_a_revoked_token_is_worthless_at_once_in_every_process(world: World) -> None:
    made, owner = await world.token("SHOP-A"), await world.owner("GZ")
    await world.caller(made.token)
    elsewhere = World(world.database, world.tools, world.channels)
    shown = await elsewhere.perform(RevokeToken(made.id), owner)
    assert shown.revoked_at is not None
    await assert_stranger(world, made.token)
    again = await world.perform(RevokeToken(made.id), owner)
    assert again.revoked_at == shown.revoked_at
    assert await world.column("SELECT count(*) FROM outbox WHERE kind = 'token.revoked'") == [1]


async def test_tokens_of_others_cannot_be_revoked_and_sessions_not_this_way(world: World) -> None:
    made, stranger = await world.token("SHOP-A"), await world.owner("ZJ")
    for token_id in (made.id, new_id(), stranger.token_id):
        assert token_id is not None
        with pytest.raises(NotFound):
            await world.perform(RevokeToken(token_id), stranger)
    await world.caller(made.token)


async def test_signing_out_ends_this_session_only(world: World) -> None:
    agent = await world.agent("GZ", Role.SUPPORT)
    first, second = [(await world.sign_in(agent.email)).access_token for _ in range(2)]
    await world.perform(SignOut(), await world.caller(first))
    await assert_stranger(world, first)
    await world.caller(second)


async def test_a_shops_token_cannot_sign_itself_out(world: World) -> None:
    made = await world.token("SHOP-A")
    with pytest.raises(Forbidden):
        await world.perform(SignOut(), await world.caller(made.token))
    await world.caller(made.token)


async def test_an_ended_session_is_worthless(world: World) -> None:
    session = await world.sign_in((await world.agent("GZ", Role.OWNER)).email)
    await world.run("UPDATE token SET expires_at = now() - interval '1 second'")
    await assert_stranger(world, session.access_token)


@pytest.mark.parametrize("suspended", ["SHOP-A", "GZ", "GD"])
async def test_a_suspended_channel_shuts_out_its_subtree(world: World, suspended: str) -> None:
    shop, person = await world.token("SHOP-A"), await world.agent("SHOP-A", Role.OWNER)
    session = await world.sign_in(person.email)
    customer = await world.customer("13800138000", await world.caller(shop.token))
    elsewhere = await world.token("ZJ")
    await world.run("UPDATE channel SET status = 'SUSPENDED' WHERE code = $1", suspended)
    for token in (shop.token, session.access_token, customer.access_token):
        await assert_stranger(world, token)
    await world.caller(elsewhere.token)
    await world.run("UPDATE channel SET status = 'ACTIVE'")
    await world.caller(shop.token)


async def test_people_and_shops_move_with_their_channel(world: World) -> None:
    made = await world.token("SHOP-A")
    path = [world.channels[code] for code in ("HQ", "ZJ", "SHOP-A")]
    await world.run("UPDATE channel SET path = $1 WHERE code = 'SHOP-A'", path)
    assert (await world.caller(made.token)).channel_path == tuple(path)


@pytest.mark.parametrize(
    "token",
    ["", "x", "qs_ag_", "qs_ag_" + "A" * 43, "qs_ag_" + "长" * 43, "A" * 9_999, "\x00" * 50, "\ud800" * 50],
)
async def test_anything_else_is_nobodys_token(world: World, token: str) -> None:
    await assert_stranger(world, token)


async def test_without_a_token_one_is_anonymous(world: World) -> None:
    caller = await world.caller(None)
    assert (caller.kind, caller.permissions, caller.channel_id) == (CallerKind.ANONYMOUS, frozenset(), None)


async def test_lists_show_the_subtree_newest_first_and_no_sessions(world: World) -> None:
    owner = await world.owner("GZ")
    made = [(await world.token(code)).id for code in ("HQ", "GZ", "SHOP-A", "SHOP-B", "ZJ")]
    page = await world.reads.tokens(owner, None, PAGE)
    assert [edge.node.id for edge in page.edges] == [made[3], made[2], made[1]]
    assert await page.count() == 3
    only = await world.reads.tokens(owner, "SHOP-A", PAGE)
    assert [edge.node.id for edge in only.edges] == [made[2]]
    for code in ("HQ", "ZJ", "NOWHERE", "\x00"):
        foreign = await world.reads.tokens(owner, code, PAGE)
        assert (foreign.edges, await foreign.count()) == ([], 0)


async def test_pages_go_both_ways(world: World) -> None:
    owner = await world.owner("GZ")
    made = [(await world.token("SHOP-A")).id for _ in range(5)][::-1]
    seen, cursor, more = [], None, True
    while more:
        page = await world.reads.tokens(owner, None, PageRequest.of(2, cursor, None, None, "tokens"))
        seen += [edge.node.id for edge in page.edges]
        cursor, more = page.page_info.end_cursor, page.page_info.has_next_page
    assert seen == made
    back = await world.reads.tokens(owner, None, PageRequest.of(None, None, 2, cursor, "tokens"))
    assert [edge.node.id for edge in back.edges] == made[2:4]


async def test_nodes_are_found_by_those_who_may_see_them(world: World) -> None:
    made, owner, stranger = await world.token("SHOP-A"), await world.owner("GZ"), await world.owner("ZJ")
    assert (await world.find(owner, "AccessToken", made.id)).id == made.id
    sales = await world.agent("GZ", Role.SALES)
    colleague = await world.caller((await world.sign_in(sales.email)).access_token)
    session_id = owner.token_id
    assert session_id is not None
    nothing: list[tuple[Caller, str, object]] = [
        (stranger, "AccessToken", made.id),
        (colleague, "AccessToken", made.id),
        (owner, "AccessToken", session_id),
        (owner, "AccessToken", new_id()),
        (stranger, "Agent", sales.id),
        (colleague, "Agent", owner.subject_id),
        (await world.caller(None), "Agent", sales.id),
    ]
    for caller, type_name, hidden in nothing:
        assert await world.find(caller, type_name, hidden) is None
    assert (await world.find(colleague, "Agent", sales.id)).email == sales.email


async def test_customers_see_themselves_and_back_offices_the_mask(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    one = await world.customer("13800138000", shop)
    two = await world.customer("13900139000", shop)
    caller = await world.caller(one.access_token)
    assert (await world.find(caller, "Customer", one.customer.id)).id == one.customer.id
    assert await world.find(caller, "Customer", two.customer.id) is None
    assert await world.find(shop, "Customer", one.customer.id) is None
    seen = await world.find(await world.owner("GD"), "Customer", one.customer.id)
    assert seen.identifier == "138****8000"
    assert await world.find(await world.owner("ZJ"), "Customer", one.customer.id) is None
    assert await world.find(replace(caller, subject_id=two.customer.id), "Agent", one.customer.id) is None
