"""People sign in with a password; whoever guesses learns nothing and is slowed."""

from __future__ import annotations

import asyncio
import base64
import time
from datetime import UTC, datetime

import pytest

from domain.access.agent_sign_in import SignInAgent
from domain.access.callers import CallerKind
from domain.access.permissions import Role
from domain.access.refusals import OneTimeCodeNeeded, SignInFailed
from domain.refusals import Refusal, TooManyAttempts, Unauthenticated
from persistence.access.credentials import PasswordAndTokens
from persistence.access.one_time import code_at
from persistence.work import Work
from tests.access.world import PASSWORD, World


async def refused(world: World, email: str, password: str = "wrong", **seen: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await world.sign_in(email, password, **seen)
    return caught.value


async def test_a_person_signs_in_and_is_known_by_the_token(world: World) -> None:
    made = await world.agent("GD", Role.OWNER, Role.FINANCE, email="Boss@Example.com")
    session = await world.sign_in(" BOSS@example.COM ")
    assert session.access_token.startswith("qs_ag_")
    assert (session.agent.id, session.agent.email) == (made.id, "boss@example.com")
    caller = await world.caller(session.access_token)
    assert (caller.kind, caller.subject_id, caller.name) == (CallerKind.AGENT, made.id, "GD OWNER")
    assert caller.roles == {"OWNER", "FINANCE"}
    assert caller.channel_path == (world.channels["HQ"], world.channels["GD"])
    assert caller.may("margin:read")
    assert not caller.may("cost:read")
    hours = (session.expires_at - datetime.now(UTC)).total_seconds() / 3600
    assert 11.9 < hours <= 12


async def test_only_hashes_are_stored(world: World) -> None:
    agent = await world.agent("GD", Role.OWNER)
    session = await world.sign_in(agent.email)
    (hashed,) = await world.column("SELECT password_hash FROM agent")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=1,p=1$")
    assert await world.column("SELECT hmac FROM token") == [
        world.tools.vault.token_hmac(session.access_token)
    ]


@pytest.mark.parametrize(
    "email", ["nobody@example.com", "not an address", "a\x00b@example.com", "\ud800@x.cn", ""]
)
async def test_an_unknown_address_gets_the_answer_of_a_wrong_password(world: World, email: str) -> None:
    agent = await world.agent("GD", Role.OWNER)
    wrong, unknown = await refused(world, agent.email), await refused(world, email)
    assert type(wrong) is type(unknown) is SignInFailed
    assert (wrong.message, wrong.field) == (unknown.message, unknown.field)


async def test_an_unknown_address_takes_as_long_as_a_wrong_password(world: World) -> None:
    """Told by the processor's time, which others on the machine do not lengthen."""
    agent = await world.agent("GD", Role.OWNER)
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for n in range(8):
        for name, email in (("known", agent.email), ("unknown", f"nobody{n}@example.com")):
            await world.run("DELETE FROM guess")
            began = time.process_time()
            await refused(world, email)
            took[name].append(time.process_time() - began)
    known, unknown = min(took["known"]), min(took["unknown"])
    assert abs(known - unknown) < known / 2, took


async def test_a_password_of_any_characters_is_only_wrong(world: World) -> None:
    agent = await world.agent("GD", Role.OWNER)
    assert type(await refused(world, agent.email, "\x00\ud800" + "长" * 1000)) is SignInFailed


async def test_the_sixth_guess_at_an_account_waits_and_each_pause_is_longer(world: World) -> None:
    agent = await world.agent("GD", Role.OWNER)
    for n in range(5):
        assert type(await refused(world, agent.email, address=f"198.51.100.{n}")) is SignInFailed
    slowed = await refused(world, agent.email, PASSWORD, address="198.51.100.99")
    assert isinstance(slowed, TooManyAttempts)
    assert slowed.retry_after_seconds == 1
    for expected in (2, 4, 8):
        await world.run("UPDATE guess SET last_at = last_at - interval '1 hour' + interval '1 second'")
        assert type(await refused(world, agent.email, address="198.51.100.99")) is SignInFailed
        slowed = await refused(world, agent.email, address="198.51.100.98")
        assert isinstance(slowed, TooManyAttempts)
        assert slowed.retry_after_seconds == expected
    await world.run("UPDATE guess SET last_at = last_at - interval '9 seconds'")
    await world.sign_in(agent.email)
    assert await world.column("SELECT subject FROM guess WHERE subject LIKE 'agent:%'") == []


async def test_unknown_accounts_are_slowed_like_known_ones(world: World) -> None:
    for n in range(5):
        await refused(world, "nobody@example.com", address=f"198.51.100.{n}")
    assert type(await refused(world, "NOBODY@example.com", address="198.51.100.9")) is TooManyAttempts


async def test_an_address_is_slowed_over_all_accounts_and_no_right_password_helps_it(world: World) -> None:
    agent = await world.agent("GD", Role.OWNER)
    for n in range(30):
        if n % 4 == 3:
            await world.sign_in(agent.email, address="192.0.2.1")
        assert type(await refused(world, f"a{n}@example.com", address="192.0.2.1")) is SignInFailed
    assert type(await refused(world, agent.email, PASSWORD, address="192.0.2.1")) is TooManyAttempts
    await world.sign_in(agent.email, address="192.0.2.2")


async def test_a_network_of_ipv6_counts_as_one_address(world: World) -> None:
    for n in range(30):
        await refused(world, f"a{n}@example.com", address=f"2001:db8::{n:x}")
    assert type(await refused(world, "x@example.com", address="2001:db8::ffff")) is TooManyAttempts
    assert type(await refused(world, "x@example.com", address="2001:db8:0:1::1")) is SignInFailed


async def test_failures_are_forgotten_after_a_quiet_hour(world: World) -> None:
    for n in range(5):
        await refused(world, "a@example.com", address=f"198.51.100.{n}")
    await world.run("UPDATE guess SET last_at = last_at - interval '61 minutes'")
    assert type(await refused(world, "a@example.com")) is SignInFailed
    assert await world.column("SELECT failures FROM guess WHERE subject LIKE 'agent:%'") == [1]


async def test_guesses_that_come_together_count_as_if_in_a_row(world: World) -> None:
    agent = await world.agent("GD", Role.OWNER)
    answers = await asyncio.gather(
        *(refused(world, agent.email, address=f"198.51.100.{n}") for n in range(9))
    )
    failed = [answer for answer in answers if type(answer) is SignInFailed]
    assert (len(failed), len(answers) - len(failed)) == (5, 4)


async def test_counters_name_nobody(world: World) -> None:
    await refused(world, "someone@example.com")
    assert [s for s in await world.column("SELECT subject FROM guess") if "someone" in s] == []


async def test_hashing_leaves_the_event_loop_free(world: World) -> None:
    """Most of the processor's time is another thread's than the loop's."""
    agent = await world.agent("GD", Role.OWNER)
    await world.sign_in(agent.email)
    loop_s, process_s = time.thread_time(), time.process_time()
    await world.sign_in(agent.email)
    loop_s, process_s = time.thread_time() - loop_s, time.process_time() - process_s
    assert loop_s < process_s / 2


async def test_a_disabled_person_gets_the_same_answer(world: World) -> None:
    agent = await world.agent("GD", Role.OWNER)
    session = await world.sign_in(agent.email)
    await world.run("UPDATE agent SET disabled_at = now()")
    assert type(await refused(world, agent.email, PASSWORD)) is SignInFailed
    with pytest.raises(Unauthenticated):
        await world.caller(session.access_token)


async def test_an_authenticators_code_is_asked_for_and_good_once(world: World) -> None:
    agent = await world.agent("GD", Role.OWNER)
    secret = b"12345678901234567890"
    async with world.database.transaction() as connection:
        work = Work(connection, world.tools, "r")
        record = await work.identities.agent(agent.id)
        assert record is not None
        sealed = PasswordAndTokens(work).sealed_one_time_secret(record, base64.b32encode(secret).decode())
        await connection.execute("UPDATE agent SET one_time_secret = $1", sealed)
    assert secret not in sealed
    with pytest.raises(OneTimeCodeNeeded):
        await world.sign_in(agent.email)
    stranger = await world.caller(None)
    right = code_at(secret, int(time.time()) // 30)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    with pytest.raises(SignInFailed):
        await world.perform(SignInAgent(agent.email, PASSWORD, wrong), stranger)
    await world.perform(SignInAgent(agent.email, PASSWORD, right), stranger)
    with pytest.raises(SignInFailed):
        await world.perform(SignInAgent(agent.email, PASSWORD, right), stranger)


def test_codes_are_those_of_rfc_6238() -> None:
    assert code_at(b"12345678901234567890", 59 // 30) == "287082"
    assert code_at(b"12345678901234567890", 1111111109 // 30) == "081804"


async def test_old_hashes_are_renewed_at_sign_in(world: World) -> None:
    agent = await world.agent("GD", Role.OWNER)
    stronger = world.tools.settings.model_copy(update={"password_passes": 2})
    later = World(world.database, type(world.tools)(world.tools.vault, stronger), world.channels)
    await later.sign_in(agent.email)
    (hashed,) = await world.column("SELECT password_hash FROM agent")
    assert "t=2" in hashed
    await later.sign_in(agent.email)
