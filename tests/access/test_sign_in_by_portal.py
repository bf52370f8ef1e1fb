"""Customers sign in by the word of their portal; a proof is short-lived, for one channel, and good once."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import jwt
import pytest

from domain.access.callers import SYSTEM, Caller
from domain.access.customer_sign_in import SignInCustomer
from domain.access.portal_keys import RotatePortalKey
from domain.access.records import SignInMethod
from domain.access.refusals import SignInFailed
from domain.refusals import Refusal, TooManyAttempts
from tests.access.world import World


async def refused(world: World, command: Any, caller: Caller) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await world.perform(command, caller)
    return caught.value


class Portal:
    """A welfare portal that vouches for its people."""

    def __init__(self, key: str, audience: str) -> None:
        self.key, self.audience, self.n = key, audience, 0

    def proof(self, subject: str = "emp-4711", key: str | None = None, **changes: Any) -> str:
        self.n += 1
        now = int(time.time())
        claims = {"sub": subject, "aud": self.audience, "iat": now, "exp": now + 300, "jti": f"j{self.n}"}
        # Times are told by their distance: the cases are made long before the proof.
        claims |= {
            name: now + changes.pop(f"{name}_in") for name in ("exp", "iat") if f"{name}_in" in changes
        }
        claims |= changes
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key or self.key, algorithm=str(changes.get("alg", "HS256")))


@pytest.fixture
async def portal(world: World) -> Portal:
    return Portal((await world.perform(RotatePortalKey("SHOP-A"), SYSTEM)).key, "SHOP-A")


def by_portal(proof: str, subject: str = "emp-4711") -> SignInCustomer:
    return SignInCustomer(SignInMethod.PORTAL_TOKEN, subject, proof)


async def test_a_portal_vouches_for_its_people(world: World, portal: Portal) -> None:
    shop = await world.storefront("SHOP-A")
    session = await world.perform(by_portal(portal.proof()), shop)
    again = await world.perform(by_portal(portal.proof()), shop)
    assert session.customer.id == again.customer.id
    assert session.customer.identifier == "e***1"
    stored = await world.column("SELECT to_jsonb(customer)::text FROM customer")
    assert "emp-4711" not in str(stored)
    assert portal.key.encode() not in (await world.column("SELECT wrapped_key FROM portal_key"))[0]


async def test_a_proof_is_good_once(world: World, portal: Portal) -> None:
    shop, proof = await world.storefront("SHOP-A"), portal.proof()
    answers = await asyncio.gather(
        *(world.perform(by_portal(proof), shop) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["CustomerSession", *["SignInFailed"] * 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "emp-1"},
        {"aud": "SHOP-B"},
        {"aud": ["SHOP-A", "SHOP-B"]},
        {"aud": None},
        {"jti": None},
        {"jti": ""},
        {"iat": None},
        {"exp": None},
        {"exp_in": -5},
        {"exp_in": 700},
        {"iat_in": -500},
        {"iat_in": 120},
        {"exp": 1e300},
        {"alg": "HS384"},
        {"key": "k" * 48},
    ],
)
async def test_a_proof_that_is_not_quite_right_fails(
    world: World, portal: Portal, changes: dict[str, Any]
) -> None:
    refusal = await refused(world, by_portal(portal.proof(**changes)), await world.storefront("SHOP-A"))
    assert isinstance(refusal, SignInFailed)


async def test_an_unsigned_proof_fails(world: World, portal: Portal) -> None:
    now = int(time.time())
    claims = {"sub": "emp-4711", "aud": "SHOP-A", "iat": now, "exp": now + 60, "jti": "x"}
    shop = await world.storefront("SHOP-A")
    for proof in (jwt.encode(claims, "", algorithm="none"), "a.b.c", "", "\ud800", "x" * 10_000):
        await world.run("DELETE FROM guess")
        assert isinstance(await refused(world, by_portal(proof), shop), SignInFailed)


async def test_a_channel_without_a_key_and_a_rotated_key_vouch_for_nobody(
    world: World, portal: Portal
) -> None:
    other = await world.storefront("SHOP-B")
    assert isinstance(await refused(world, by_portal(portal.proof(aud="SHOP-B")), other), SignInFailed)
    await world.perform(RotatePortalKey("SHOP-A"), SYSTEM)
    shop = await world.storefront("SHOP-A")
    assert isinstance(await refused(world, by_portal(portal.proof()), shop), SignInFailed)


async def test_guessing_proofs_is_slowed_too(world: World, portal: Portal) -> None:
    shop = await world.storefront("SHOP-A")
    for _ in range(5):
        await refused(world, by_portal("a.b.c"), shop)
    assert isinstance(await refused(world, by_portal(portal.proof()), shop), TooManyAttempts)
