"""A follower sees every event behind its position once and in order, whatever commits late or restarts."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from domain.events import RecordedEvent
from domain.feeds import Interest, read_position
from domain.ids import new_id
from domain.refusals import BadRequest
from persistence import outbox
from persistence.database import Database
from persistence.relay import Relay
from tests.subscriptions.machine import Machine, Ticked

EVERYTHING = Interest(frozenset({"test.ticked"}))


async def take(events: AsyncIterator[RecordedEvent], count: int) -> list[RecordedEvent]:
    found: list[RecordedEvent] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            found.append(await anext(events))
    return found


async def test_an_event_that_commits_late_comes_after_those_that_were_seen(machine: Machine) -> None:
    """The slow transaction takes its id first and commits last: numbering by id would lose it."""
    follower = machine.feed.follow(EVERYTHING, after=0)
    async with machine.database.transaction() as connection:
        await outbox.write(connection, [Ticked(aggregate_id=new_id(), n=1)])
        await machine.commit(Ticked(aggregate_id=new_id(), n=2))
        found = await take(follower, 1)
    found += await take(follower, 1)
    assert [(event.position, event.payload["n"]) for event in found] == [(1, 2), (2, 1)]


async def test_positions_have_no_gap_after_a_rolled_back_transaction(machine: Machine) -> None:
    with contextlib.suppress(RuntimeError):
        async with machine.database.transaction() as connection:
            await outbox.write(connection, [Ticked(aggregate_id=new_id(), n=1)])
            raise RuntimeError
    await machine.commit(Ticked(aggregate_id=new_id(), n=2), Ticked(aggregate_id=new_id(), n=3))
    found = await take(machine.feed.follow(EVERYTHING, after=0), 2)
    assert [(event.position, event.payload["n"]) for event in found] == [(1, 2), (2, 3)]


async def test_one_aggregates_events_keep_their_order(machine: Machine) -> None:
    aggregate = new_id()
    for n in range(20):
        await machine.commit(Ticked(aggregate_id=aggregate, n=n))
    found = await take(machine.feed.follow(Interest(frozenset({"test.ticked"}), aggregate), after=0), 20)
    assert [event.payload["n"] for event in found] == list(range(20))


async def test_a_follower_without_a_position_hears_only_what_comes(machine: Machine) -> None:
    await machine.commit(Ticked(aggregate_id=new_id(), n=1))
    await take(machine.feed.follow(EVERYTHING, after=0), 1)
    follower = machine.feed.follow(EVERYTHING)
    coming = asyncio.create_task(take(follower, 1))
    await machine.followed()
    await machine.commit(Ticked(aggregate_id=new_id(), n=2))
    assert [event.payload["n"] for event in await coming] == [2]


async def test_interests_narrow_live_and_replayed_events_alike(machine: Machine) -> None:
    mine, other = new_id(), new_id()
    interest = Interest(frozenset({"test.ticked"}), customer_id=mine)
    live = machine.feed.follow(interest, after=0)
    coming = asyncio.create_task(take(live, 2))
    for n, customer in enumerate([mine, other, mine, None]):
        await machine.commit(Ticked(aggregate_id=new_id(), n=n, customer_id=customer))
    assert [event.payload["n"] for event in await coming] == [0, 2]
    assert [event.payload["n"] for event in await take(machine.feed.follow(interest, after=0), 2)] == [0, 2]


async def test_a_channels_follower_hears_its_subtree_only(machine: Machine) -> None:
    root, province, shop = await _three_channels(machine.database)
    for n, channel in enumerate([root, province, shop]):
        await machine.commit(Ticked(aggregate_id=new_id(), n=n, channel_id=channel))

    def within(channel: UUID) -> AsyncIterator[RecordedEvent]:
        return machine.feed.follow(Interest(frozenset({"test.ticked"}), within_channel_id=channel), after=0)

    assert [event.payload["n"] for event in await take(within(root), 3)] == [0, 1, 2]
    assert [event.payload["n"] for event in await take(within(province), 2)] == [1, 2]
    assert [event.payload["n"] for event in await take(within(shop), 1)] == [2]


async def _three_channels(database: Database) -> tuple[UUID, UUID, UUID]:
    path: list[UUID] = []
    async with database.transaction() as connection:
        for depth, tier in enumerate(["HEADQUARTERS", "PROVINCE", "SHOP"]):
            parent = path[-1] if path else None
            path.append(new_id())
            await connection.execute(
                "INSERT INTO channel (id, code, name, tier, parent_id, path) VALUES ($1, $2, $2, $3, $4, $5)",
                path[-1], f"c{depth}", tier, parent, path,
            )  # fmt: skip
    return path[0], path[1], path[2]


async def test_a_slow_follower_is_overrun_and_still_misses_nothing(machine: Machine) -> None:
    follower = machine.feed.follow(EVERYTHING, after=0)
    await machine.commit(Ticked(aggregate_id=new_id(), n=0))
    found = await take(follower, 1)
    for n in range(1, 60):
        await machine.commit(Ticked(aggregate_id=new_id(), n=n))
    async with asyncio.timeout(20):
        while machine.feed.heard != 60:
            await asyncio.sleep(0.01)
    found += await take(follower, 59)
    assert [event.payload["n"] for event in found] == list(range(60))


async def test_reconnecting_followers_see_each_event_once_while_relays_restart(machine: Machine) -> None:
    """Eight writers, a second relay that is killed again and again, a follower that reconnects 20 times."""
    total, writers = 800, 8

    async def write(writer: int) -> None:
        for n in range(total // writers):
            await machine.commit(
                Ticked(aggregate_id=new_id(), n=writer * 1000 + n), pause_s=random.uniform(0, 0.004)
            )

    async def restart_relays() -> None:
        while True:
            relay = asyncio.create_task(Relay(machine.database, machine.bell).run())
            await asyncio.sleep(random.uniform(0.01, 0.08))
            relay.cancel()
            await asyncio.gather(relay, return_exceptions=True)

    restarting = asyncio.create_task(restart_relays())
    writing = asyncio.gather(*(write(writer) for writer in range(writers)))
    found: list[RecordedEvent] = []
    while len(found) < total:
        follower = machine.feed.follow(EVERYTHING, after=found[-1].position if found else 0)
        found += await take(follower, min(total // 20, total - len(found)))
        await follower.aclose()
    await writing
    restarting.cancel()
    await asyncio.gather(restarting, return_exceptions=True)
    assert [event.position for event in found] == list(range(1, total + 1))
    assert len({event.payload["n"] for event in found}) == total


@pytest.mark.parametrize("said", ["", "-1", "1.5", "０", "9" * 19, "x"])
def test_a_position_that_is_not_ours_is_refused(said: str) -> None:
    with pytest.raises(BadRequest):
        read_position(said)
