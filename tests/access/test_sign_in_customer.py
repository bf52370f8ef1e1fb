"""Customers sign in by a code to a phone, which is good once and cannot be guessed."""

from __future__ import annotations

import asyncio
import re
import stat
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.access.callers import Caller, CallerKind
from domain.access.customer_sign_in import SignInCustomer
from domain.access.records import SignInMethod
from domain.access.refusals import SignInFailed, SignInMethodUnavailable
from domain.access.sign_in_codes import RequestSignInCode
from domain.refusals import Forbidden, InvalidInput, Refusal, TooManyAttempts, Unauthenticated
from tests.access.world import World

PHONE = "138 0013-8000"


async def refused(world: World, command: Any, caller: Caller) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await world.perform(command, caller)
    return caught.value


def by_code(code: str, phone: str = PHONE) -> SignInCustomer:
    return SignInCustomer(SignInMethod.PHONE_CODE, phone, code)


def another(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 1_000_000:06d}"


async def let_a_minute_pass(world: World) -> None:
    await world.run("UPDATE sign_in_code SET created_at = created_at - interval '61 seconds'")


async def test_a_code_to_a_phone_makes_a_customer_of_this_channel(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    session = await world.customer(PHONE, shop)
    assert session.access_token.startswith("qs_cu_")
    assert session.customer.identifier == "138****8000"
    caller = await world.caller(session.access_token)
    assert (caller.kind, caller.customer_id) == (CallerKind.CUSTOMER, session.customer.id)
    assert caller.channel_id == world.channels["SHOP-A"]
    assert caller.permissions >= {"cards:reveal", "orders:place"}
    days = (session.expires_at - datetime.now(UTC)).days
    assert days == 29


async def test_a_number_is_one_customer_however_it_is_written_and_another_elsewhere(world: World) -> None:
    shop, other = await world.storefront("SHOP-A"), await world.storefront("SHOP-B")
    first = await world.customer(PHONE, shop)
    await let_a_minute_pass(world)
    again = await world.customer("+86 (138) 00138000", shop)
    await let_a_minute_pass(world)
    elsewhere = await world.customer("13800138000", other)
    assert first.customer.id == again.customer.id != elsewhere.customer.id


async def test_of_a_number_a_hash_and_a_mask_are_kept(world: World) -> None:
    await world.customer(PHONE, await world.storefront("SHOP-A"))
    rows = await world.column("SELECT to_jsonb(customer)::text FROM customer")
    rows += await world.column("SELECT to_jsonb(sign_in_code)::text FROM sign_in_code")
    rows += await world.column("SELECT to_jsonb(guess)::text FROM guess")
    assert [row for row in rows if "13800138000" in row] == []
    assert await world.column("SELECT identifier_masked FROM customer") == ["138****8000"]


async def test_the_message_is_a_line_for_its_owner_and_the_queue_holds_it_sealed(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    await world.perform(RequestSignInCode(PHONE), shop)
    assert not world.messages.exists()
    (payload,) = await world.column("SELECT payload FROM pgqueuer")
    await world.deliver()
    (sent,) = world.sent()
    assert (set(sent), sent["to"]) == ({"to", "text", "code"}, "+8613800138000")
    assert re.fullmatch(r"\d{6}", sent["code"])
    assert sent["code"] in sent["text"]
    assert "Channel SHOP-A" in sent["text"]
    assert b"13800138000" not in payload
    assert sent["code"].encode() not in payload
    assert stat.S_IMODE(world.messages.stat().st_mode) == 0o600


async def test_a_refused_request_sends_nothing(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    await world.perform(RequestSignInCode(PHONE), shop)
    refusal = await refused(world, RequestSignInCode(PHONE), shop)
    assert isinstance(refusal, TooManyAttempts)
    assert 50 <= refusal.retry_after_seconds <= 60
    assert len(await world.column("SELECT 1 FROM pgqueuer")) == 1
    assert isinstance(await refused(world, RequestSignInCode("12"), shop), InvalidInput)


async def test_two_requests_at_once_send_one_code(world: World) -> None:
    shops = [await world.storefront(code) for code in ("SHOP-A", "SHOP-B")]
    asked = [world.perform(RequestSignInCode(PHONE), shop) for shop in shops * 3]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers].count(TooManyAttempts) == 5
    assert len(await world.column("SELECT 1 FROM pgqueuer")) == 1


async def test_a_number_gets_ten_codes_a_day(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    for _ in range(10):
        await world.perform(RequestSignInCode(PHONE), shop)
        await let_a_minute_pass(world)
    refusal = await refused(world, RequestSignInCode(PHONE), shop)
    assert isinstance(refusal, TooManyAttempts)
    assert refusal.retry_after_seconds > 80_000


async def test_an_address_cannot_have_codes_sent_to_everybody(world: World) -> None:
    shop = await world.storefront("SHOP-A", address="192.0.2.5")
    for n in range(30):
        await world.perform(RequestSignInCode(f"1380013{n:04d}"), shop)
    assert isinstance(await refused(world, RequestSignInCode("13900139000"), shop), TooManyAttempts)


async def test_a_code_is_good_once(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    code = await world.code_for(PHONE, shop)
    answers = await asyncio.gather(
        *(world.prove(PHONE, code, shop) for _ in range(4)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["CustomerSession", *["SignInFailed"] * 3]


async def test_a_code_ends_after_five_minutes(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    code = await world.code_for(PHONE, shop)
    assert await world.column("SELECT expires_at - created_at = '5 min' FROM sign_in_code") == [True]
    await world.run("UPDATE sign_in_code SET expires_at = now() - interval '1 second'")
    assert isinstance(await refused(world, by_code(code), shop), SignInFailed)


async def test_five_wrong_codes_burn_the_right_one(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    code = await world.code_for(PHONE, shop)
    for n in range(5):
        assert isinstance(await refused(world, by_code(another(code, n + 1)), shop), SignInFailed)
    assert isinstance(await refused(world, by_code(code), shop), TooManyAttempts)
    await world.run("DELETE FROM guess")
    assert isinstance(await refused(world, by_code(code), shop), SignInFailed)


async def test_four_wrong_codes_do_not(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    code = await world.code_for(PHONE, shop)
    for n in range(4):
        await refused(world, by_code(another(code, n + 1)), shop)
    await world.prove(PHONE, code, shop)


async def test_new_codes_do_not_give_new_guesses(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    code = await world.code_for(PHONE, shop)
    for n in range(3):
        await refused(world, by_code(another(code, n + 1)), shop)
    await let_a_minute_pass(world)
    code = await world.code_for(PHONE, shop)
    for n in range(2):
        await refused(world, by_code(another(code, n + 1)), shop)
    assert isinstance(await refused(world, by_code(code), shop), TooManyAttempts)


async def test_only_the_newest_code_counts_and_only_in_its_channel(world: World) -> None:
    shop, other = await world.storefront("SHOP-A"), await world.storefront("SHOP-B")
    old = await world.code_for(PHONE, shop)
    await let_a_minute_pass(world)
    new = await world.code_for(PHONE, shop)
    if old != new:
        assert isinstance(await refused(world, by_code(old), shop), SignInFailed)
    assert isinstance(await refused(world, by_code(new), other), SignInFailed)
    assert isinstance(await refused(world, by_code(new, "13800138001"), shop), SignInFailed)
    await world.prove(PHONE, new, shop)


async def test_no_code_asked_and_a_wrong_code_look_alike(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    code = await world.code_for(PHONE, shop)
    wrong = await refused(world, by_code(another(code)), shop)
    never = await refused(world, by_code("123456", "13700137000"), shop)
    assert (type(wrong), wrong.message, wrong.field) == (type(never), never.message, never.field)


async def test_guests_orders_of_the_proven_phone_become_the_customers(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    theirs, foreign = world.channels["SHOP-A"], world.channels["SHOP-B"]
    async with world.database.transaction() as connection:
        hashed = world.tools.vault.token_hmac("phone\x00+8613800138000").hex()
        for number, channel in (("1", theirs), ("2", foreign)):
            await connection.execute(
                """INSERT INTO orders (id, number, channel_id, status, subtotal_minor, total_minor, due_minor,
                                       contact_phone_hmac, placed_by_kind)
                   VALUES (gen_random_uuid(), $1, $2, 'AWAITING_PAYMENT', 1, 1, 1, $3, 'STOREFRONT')""",
                number, channel, hashed,
            )  # fmt: skip
    code = await world.code_for(PHONE, shop)
    await world.run("UPDATE orders SET customer_id = NULL")
    session = await world.prove(PHONE, code, shop)
    found = await world.column("SELECT customer_id FROM orders ORDER BY number")
    assert found == [session.customer.id, None]


async def test_wechat_is_not_available(world: World) -> None:
    shop = await world.storefront("SHOP-A")
    refusal = await refused(world, SignInCustomer(SignInMethod.WECHAT_CODE, "x", "y"), shop)
    assert isinstance(refusal, SignInMethodUnavailable)
    assert refusal.field == ["method"]


async def test_without_a_storefront_nobody_signs_in(world: World) -> None:
    stranger = await world.caller(None)
    with pytest.raises(Unauthenticated):
        await world.perform(RequestSignInCode(PHONE), stranger)
    session = await world.customer(PHONE, await world.storefront("SHOP-A"))
    with pytest.raises(Forbidden):
        await world.perform(RequestSignInCode("13900139000"), await world.caller(session.access_token))
