"""Owners let people in and out of their subtree; passwords are the person's own."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
import structlog

from domain.access.agent_sign_in import SignInAgent
from domain.access.people import ChangePassword, CreateAgent, DisableAgent
from domain.access.permissions import Role
from domain.access.refusals import EmailTaken, RoleNotHere, SignInFailed, WrongPassword
from domain.access.tokens import CreateToken
from domain.paging import PageRequest
from domain.refusals import Forbidden, InvalidInput, NotFound, Refusal, TooManyAttempts, Unauthenticated
from tests.access.world import PASSWORD, World

NEW = CreateAgent("new@example.com", "Li Wei", "SHOP-A", (Role.SALES,), PASSWORD)


async def test_an_owner_lets_people_in_below(world: World) -> None:
    owner = await world.owner("GD")
    made = await world.perform(replace(NEW, roles=(Role.SALES, Role.FINANCE, Role.SALES)), owner)
    assert (made.email, made.roles) == ("new@example.com", [Role.FINANCE, Role.SALES])
    caller = await world.caller((await world.sign_in("new@example.com")).access_token)
    assert caller.channel_id == world.channels["SHOP-A"]


@pytest.mark.parametrize("channel", ["HQ", "ZJ", "NOWHERE"])
async def test_and_nowhere_else(world: World, channel: str) -> None:
    with pytest.raises(NotFound) as caught:
        await world.perform(replace(NEW, channel=channel), await world.owner("GD"))
    assert caught.value.field == ["channel"]


async def test_only_an_owner_does(world: World) -> None:
    finance = await world.agent("HQ", Role.FINANCE, Role.SALES, Role.STOCK, Role.RISK, Role.SUPPORT)
    caller = await world.caller((await world.sign_in(finance.email)).access_token)
    for command in (NEW, DisableAgent(finance.id)):
        with pytest.raises(Forbidden):
            await world.perform(command, caller)


@pytest.mark.parametrize("role", [Role.STOCK, Role.RISK, Role.ADMIN])
async def test_headquarters_roles_exist_there_only(world: World, role: Role) -> None:
    owner = await world.owner("HQ")
    with pytest.raises(RoleNotHere) as caught:
        await world.perform(replace(NEW, roles=(role,)), owner)
    assert (caught.value.role, caught.value.field) == (role.value, ["roles"])
    made = await world.perform(replace(NEW, channel="HQ", roles=(role,)), owner)
    assert made.roles == [role]


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"roles": ()}, "roles"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 300}, "password"),
        ({"password": "aaaaaaaaaaaaaa"}, "password"),
        ({"password": "New@Example.com"}, "password"),
    ],
)
async def test_nonsense_is_refused(world: World, changes: dict[str, object], at: str) -> None:
    owner = await world.owner("GD")
    with pytest.raises(InvalidInput) as caught:
        await world.perform(replace(NEW, **changes), owner)  # type: ignore[arg-type]
    assert caught.value.field == [at]
    assert await world.column("SELECT 1 FROM agent WHERE email = 'new@example.com'") == []


async def test_an_address_is_one_persons(world: World) -> None:
    owner = await world.owner("GD")
    await world.perform(NEW, owner)
    with pytest.raises(EmailTaken):
        await world.perform(replace(NEW, email="NEW@example.com"), owner)


async def test_a_person_who_is_kept_out_is_out_at_once(world: World) -> None:
    owner = await world.owner("GD")
    made = await world.perform(NEW, owner)
    session = await world.sign_in(made.email)
    shown = await world.perform(DisableAgent(made.id), owner)
    assert shown.disabled_at is not None
    with pytest.raises(Unauthenticated):
        await world.caller(session.access_token)
    with pytest.raises(SignInFailed):
        await world.sign_in(made.email)
    assert await world.column("SELECT count(*) FROM outbox WHERE kind = 'token.revoked'") == [1]
    assert (await world.perform(DisableAgent(made.id), owner)).disabled_at == shown.disabled_at


async def test_nobody_is_kept_out_by_strangers_or_by_itself(world: World) -> None:
    owner, stranger = await world.owner("GD"), await world.owner("ZJ")
    assert owner.subject_id is not None
    with pytest.raises(NotFound):
        await world.perform(DisableAgent(owner.subject_id), stranger)
    with pytest.raises(InvalidInput):
        await world.perform(DisableAgent(owner.subject_id), owner)
    await world.perform(DisableAgent(owner.subject_id), await world.owner("HQ"))


async def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    agent = await world.agent("GD", Role.SUPPORT)
    mine, other = [(await world.sign_in(agent.email)).access_token for _ in range(2)]
    await world.perform(ChangePassword(PASSWORD, "another good one"), await world.caller(mine))
    await world.caller(mine)
    with pytest.raises(Unauthenticated):
        await world.caller(other)
    with pytest.raises(SignInFailed):
        await world.sign_in(agent.email)
    await world.sign_in(agent.email, "another good one")


async def test_the_present_password_cannot_be_guessed_here_either(world: World) -> None:
    agent = await world.agent("GD", Role.SUPPORT)
    caller = await world.caller((await world.sign_in(agent.email)).access_token)
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await world.perform(ChangePassword("wrong", "another good one"), caller)
    with pytest.raises(TooManyAttempts):
        await world.perform(ChangePassword(PASSWORD, "another good one"), caller)
    with pytest.raises(InvalidInput):
        await world.perform(ChangePassword(PASSWORD, "short"), caller)


async def test_lists_show_the_subtree(world: World) -> None:
    owner = await world.owner("GD")
    await world.agent("ZJ", Role.SALES)
    below = await world.agent("SHOP-B", Role.SALES)
    page = await world.reads.agents(owner, None, PageRequest(20))
    assert [edge.node.id for edge in page.edges] == [below.id, owner.subject_id]
    page = await world.reads.agents(owner, "GZ", PageRequest(20))
    assert [edge.node.id for edge in page.edges] == [below.id]


async def test_no_secret_is_in_logs_errors_or_reprs(
    world: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "canary-0d1e-password"
    with structlog.testing.capture_logs() as told:
        owner = await world.owner("GD")
        made = await world.perform(replace(NEW, password=canary), owner)
        session = await world.sign_in(made.email, canary)
        shop_token = (await world.token("SHOP-A")).token
        shop = await world.caller(shop_token)
        code = await world.code_for("13800138000", shop)
        customer = await world.prove("13800138000", code, shop)
        refusals: list[Refusal] = []
        for command, caller in (
            (SignInAgent("new@example.com", canary + "x"), shop),
            (SignInAgent("nobody@example.com", canary), shop),
            (ChangePassword(canary, canary), await world.caller(session.access_token)),
            (replace(NEW, password=canary), owner),
        ):
            try:
                await world.perform(command, caller)
            except Refusal as refusal:
                refusals.append(refusal)
            told.append({"event": repr(command)})
    told.append(
        {"event": repr([session, customer, CreateToken, [(r, str(r), r.__dict__) for r in refusals]])}
    )
    printed = capsys.readouterr()
    said = str(told) + caplog.text + printed.out + printed.err
    secrets = [canary, session.access_token, customer.access_token, shop_token, f"'{code}'", "13800138000"]
    assert [secret for secret in secrets if secret in said] == []
    dump = ""
    for table in ("agent", "token", "customer", "sign_in_code", "guess", "outbox", "pgqueuer", "spent_proof"):
        dump += str(await world.column(f"SELECT to_jsonb(t)::text FROM {table} t"))
    assert [secret for secret in secrets if secret in dump] == []
