"""Reads that come together are made together, and each begins after it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from persistence.gathering import Gathered


class Shelf:
    """Answers when it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.open = asyncio.Event()

    async def read(self, keys: Sequence[str]) -> dict[str, int]:
        self.asked.append(list(keys))
        await self.open.wait()
        if "bad" in keys:
            raise OSError("the shelf fell")
        return {key: len(key) for key in keys if key != "none"}


async def begun(reads: Gathered[str, int], *keys: str) -> list[asyncio.Task[int | None]]:
    """One task for each key, as far as they come."""
    tasks = []
    for key in keys:
        tasks.append(asyncio.ensure_future(reads.one(key)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return tasks


async def test_what_is_asked_during_a_read_is_the_next_one() -> None:
    shelf = Shelf()
    reads = Gathered(shelf.read, at_once=1)
    tasks = await begun(reads, "a", "bb", "none", "bb", "a")
    assert shelf.asked == [["a"]]
    shelf.open.set()
    assert await asyncio.gather(*tasks) == [1, 2, None, 2, 1]
    # What was read already is read again: the second question came later.
    assert shelf.asked == [["a"], ["bb", "none", "a"]]
    assert await reads.many(["ccc", "none"]) == {"ccc": 3}
    assert await reads.many([]) == {}


async def test_a_failed_read_fails_those_who_asked_for_it() -> None:
    shelf = Shelf()
    reads = Gathered(shelf.read, at_once=1)
    tasks = await begun(reads, "a", "bad", "b")
    shelf.open.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert outcomes[0] == 1
    assert [type(one) for one in outcomes[1:]] == [OSError, OSError]
    assert await reads.one("b") == 1


async def test_who_gives_up_leaves_the_answer_to_the_others() -> None:
    shelf = Shelf()
    reads = Gathered(shelf.read, at_once=1)
    tasks = await begun(reads, "a", "b", "b")
    tasks[1].cancel()
    shelf.open.set()
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]
    assert (await tasks[0], await tasks[2]) == (1, 1)


async def test_who_asks_again_at_once_is_not_forgotten() -> None:
    shelf = Shelf()
    shelf.open.set()
    reads = Gathered(shelf.read, at_once=1)
    # The run that answers the first question is about to end when the second one comes.
    assert await reads.one("a") == 1
    async with asyncio.timeout(5):
        assert await reads.one("bb") == 2
    assert shelf.asked == [["a"], ["bb"]]
