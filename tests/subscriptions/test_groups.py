"""An event is executed once for all who are shown the same, and everybody gets each event once, in order."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

import orjson
import pytest

from domain.access.callers import CallerKind
from domain.ids import new_id
from schema.engine.refused import RequestRefused
from subscriptions.group import HELD, SLICE
from subscriptions.meters import DELIVERED, ENCODED, OPEN, TOLD_TO_RESUME
from tests.subscriptions.machine import Machine
from tests.subscriptions.ticking import SECRET, TICKED, Listener, Ticking, agent, end, until

MANY = SLICE + 20
"""Members of more than one slice."""


@pytest.fixture
def ticking(machine: Machine) -> Ticking:
    return Ticking(machine)


def count(meter: Any) -> float:
    """What a meter says."""
    return float(meter._value.get())


async def test_an_event_is_executed_once_for_all_who_are_shown_the_same(ticking: Ticking) -> None:
    listeners = [Listener() for _ in range(MANY)]
    encoded, delivered, opened = count(ENCODED), count(DELIVERED), count(OPEN)
    tasks = [await ticking.follow(listener) for listener in listeners]
    assert (len(ticking.groups), count(OPEN) - opened) == (1, MANY)
    await ticking.tick(3)
    await until(lambda: all(len(listener.payloads) == 3 for listener in listeners))
    assert ticking.executed == [1, 2, 3]
    assert all(listener.payloads == listeners[0].payloads for listener in listeners)  # the very same objects
    assert (count(ENCODED) - encoded, count(DELIVERED) - delivered) == (3, 3 * MANY)
    await end(*tasks)
    assert (len(ticking.groups), ticking.machine.feed.followers, count(OPEN)) == (0, 0, opened)


async def test_what_is_made_for_a_group_holds_nothing_of_one_session(ticking: Ticking) -> None:
    listener = Listener()
    task = await ticking.follow(listener, agent(name="An", roles=frozenset({"OWNER"}), address="10.0.0.1"))
    await ticking.tick()
    await until(lambda: bool(listener.payloads))
    assert listener.ticks == [{"position": "1", "n": 1, "shownTo": "AGENT None  None "}]
    await end(task)


async def test_other_callers_variables_and_selections_share_nothing(ticking: Ticking) -> None:
    shop, buyer = new_id(), new_id()
    others: list[tuple[dict[str, Any], Any, str]] = [
        ({}, agent(), TICKED),
        ({}, agent(permissions=frozenset()), TICKED),
        ({}, agent(channel_id=shop, channel_path=(shop,)), TICKED),
        ({}, agent(channel_id=shop, channel_path=(new_id(), shop)), TICKED),
        ({}, agent(kind=CallerKind.API_CLIENT), TICKED),
        ({}, agent(kind=CallerKind.CUSTOMER, subject_id=buyer), TICKED),
        ({}, agent(kind=CallerKind.CUSTOMER, subject_id=new_id()), TICKED),
        ({"odd": True}, agent(), TICKED),
        ({"until": 9}, agent(), TICKED),
        ({}, agent(), TICKED.replace("position", "position again: position")),
        ({"after": "0"}, agent(), "subscription ($after: String) { ticked(after: $after) { n shownTo } }"),
    ]
    listeners = [Listener() for _ in others]
    tasks = [
        await ticking.follow(listener, caller, document, **variables)
        for listener, (variables, caller, document) in zip(listeners, others, strict=True)
    ]
    assert len(ticking.groups) == len(others)
    await ticking.tick()
    await until(lambda: all(listener.payloads for listener in listeners))
    assert ticking.executed == [1] * len(others)
    bodies = [listener.payloads[0] for listener in listeners]
    assert len(set(map(id, bodies))) == len(others)
    assert f"CUSTOMER {buyer}" in listeners[5].ticks[0]["shownTo"]
    # A second subscriber of one of them joins it.
    tasks.append(await ticking.follow(Listener(), replace(agent(), name="another")))
    assert len(ticking.groups) == len(others)
    await end(*tasks)


async def test_a_variable_that_only_says_where_to_begin_is_no_difference(ticking: Ticking) -> None:
    await ticking.tick(3)
    await until(lambda: ticking.machine.feed.heard == 3)
    after = [None, "0", "1", "2", "3"]
    listeners = [Listener() for _ in after]
    tasks = [
        await ticking.follow(one, **({"after": at} if at else {}))  # type: ignore[arg-type]
        for one, at in zip(listeners, after, strict=True)
    ]
    await until(lambda: [len(one.payloads) for one in listeners] == [0, 3, 2, 1, 0])
    assert len(ticking.groups) == 1
    ticking.executed.clear()
    await ticking.tick()
    await until(lambda: all(one.numbers[-1:] == [4] for one in listeners))
    assert ticking.executed == [4]
    assert [one.numbers for one in listeners] == [[4], [1, 2, 3, 4], [2, 3, 4], [3, 4], [4]]
    await end(*tasks)


_SPREAD = (
    "subscription ($a: String) {{ ...F ...F }} fragment F on Subscription {{ ticked(after: $a) {{ {} }} }}"
)
_PLAIN = "subscription ($a: String) {{ ticked(after: $a) {{ {} }} }}"


@pytest.mark.parametrize("document", [_PLAIN, _SPREAD], ids=["plain", "spread"])
@pytest.mark.parametrize(("selection", "groups"), [("n", 1), ("n said(value: $a)", 2)])
async def test_a_position_is_a_difference_where_it_is_shown(
    ticking: Ticking, document: str, selection: str, groups: int
) -> None:
    text = document.format(selection)
    tasks = [await ticking.follow(Listener(), None, text, a=after) for after in ("0", "1")]
    assert len(ticking.groups) == groups
    await end(*tasks)


async def test_replay_and_live_join_without_a_gap_and_without_a_repeat(ticking: Ticking) -> None:
    """Writers, members that join anywhere and leave again, while the log grows."""
    chance, total = random.Random(20261122), 240
    found: list[tuple[int, Listener]] = []

    async def write() -> None:
        for _ in range(total // 6):
            await ticking.tick(6)
            await asyncio.sleep(chance.uniform(0, 0.01))

    async def stay() -> None:
        while len(found) < 60:
            after = chance.randint(0, ticking.machine.feed.heard or 0)
            listener = Listener(pause_s=chance.choice([0, 0, 0.001]))
            found.append((after, listener))
            task = await ticking.follow(listener, after=str(after))
            if chance.random() < 0.3:
                await asyncio.sleep(chance.uniform(0, 0.05))
                await end(task)
                found.remove((after, listener))
                numbers = listener.numbers
                assert numbers == list(range(after + 1, after + 1 + len(numbers)))
            else:
                tasks.append(task)
            await asyncio.sleep(chance.uniform(0, 0.01))

    tasks: list[asyncio.Task[None]] = []
    await asyncio.gather(write(), *(stay() for _ in range(3)))
    await until(lambda: all(listener.numbers[-1:] == [total] for _, listener in found))
    for after, listener in found:
        assert listener.numbers == list(range(after + 1, total + 1))
        assert [int(one["position"]) for one in listener.ticks] == listener.numbers
    assert len(ticking.groups) == 1
    await end(*tasks)


async def test_more_than_is_held_while_a_member_replays_is_read_from_the_log(ticking: Ticking) -> None:
    """It replays so slowly that more comes meanwhile than is kept for it."""
    await ticking.tick(3)
    await until(lambda: ticking.machine.feed.heard == 3)
    quick, slow = Listener(), Listener(pause_s=0.5)
    tasks = [await ticking.follow(quick), await ticking.follow(slow, after="0")]
    await ticking.tick(HELD + 10)
    await until(lambda: len(quick.payloads) == HELD + 10)
    assert len(slow.payloads) < 3
    slow.pause_s = 0
    await until(lambda: len(slow.payloads) == HELD + 13)
    assert slow.numbers == list(range(1, HELD + 14))
    # Three were replayed, and what came behind the bound was executed for it once more.
    assert len(ticking.executed) == 3 + (HELD + 10) + 10
    await ticking.tick()
    await until(lambda: slow.numbers[-1:] == quick.numbers[-1:] == [HELD + 14])
    await end(*tasks)


async def test_a_slow_member_is_told_from_where_to_resume_and_loses_nothing(ticking: Ticking) -> None:
    quick, slow, told = Listener(), Listener(room=2), count(TOLD_TO_RESUME)
    quick_task, slow_task = await ticking.follow(quick), await ticking.follow(slow)
    await ticking.tick(5)
    with pytest.raises(RequestRefused) as refused:
        await slow_task
    (error,) = refused.value.errors
    assert error["extensions"] == {"code": "SLOW_CONSUMER", "position": "2"}
    assert 'after: "2"' in error["message"]
    assert count(TOLD_TO_RESUME) == told + 1
    await until(lambda: quick.numbers == [1, 2, 3, 4, 5])
    again = Listener()
    again_task = await ticking.follow(again, after=error["extensions"]["position"])
    await ticking.tick()
    await until(lambda: again.numbers[-1:] == [6])
    assert slow.numbers + again.numbers == [1, 2, 3, 4, 5, 6] == quick.numbers
    await end(quick_task, again_task)


async def test_a_member_that_leaves_does_not_disturb_the_others(ticking: Ticking) -> None:
    listeners = [Listener() for _ in range(3)]
    first, *others = [await ticking.follow(listener) for listener in listeners]
    await ticking.tick()
    await until(lambda: all(listener.payloads for listener in listeners))
    await end(first)  # whose subscription began the group
    await ticking.tick()
    await until(lambda: all(listener.numbers == [1, 2] for listener in listeners[1:]))
    assert listeners[0].numbers == [1]
    assert ticking.executed == [1, 2]
    await end(*others)


async def test_a_feed_that_ends_ends_for_everybody_behind_its_last_event(ticking: Ticking) -> None:
    await ticking.tick(3)
    await until(lambda: ticking.machine.feed.heard == 3)
    live, late = Listener(), Listener(pause_s=0.02)
    tasks = [await ticking.follow(live, until=5), await ticking.follow(late, until=5, after="0")]
    await ticking.tick(4)
    await asyncio.gather(*tasks)
    assert (live.numbers, late.numbers) == ([4, 5], [1, 2, 3, 4, 5])
    past = Listener()
    await (await ticking.follow(past, until=5, after="0"))  # of which no event is left to come
    assert past.numbers == [1, 2, 3, 4, 5]
    assert len(ticking.groups) == 0


async def test_a_feed_that_fails_says_so_to_everybody_masked_and_once(ticking: Ticking) -> None:
    tasks = [await ticking.follow(Listener(), breaksAt=2) for _ in range(3)]
    beside = Listener()
    other = await ticking.follow(beside)
    await ticking.tick(3)
    words = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(word, RequestRefused) for word in words)
    (said,) = {orjson.dumps(word.errors) for word in words if isinstance(word, RequestRefused)}
    assert b"INTERNAL" in said
    assert SECRET.encode() not in said
    assert len(ticking.faults) == 1
    await until(lambda: beside.numbers == [1, 2, 3])
    await end(other)
