"""A bell wakes who waits for it, and nobody who has been told to end."""

import asyncio

import pytest

from persistence.bells import LocalBell


async def test_it_wakes_who_waits_for_the_topic_and_the_others_sleep_on() -> None:
    bell = LocalBell()
    woken, sleeping = (asyncio.create_task(bell.wait(topic, 0.05)) for topic in ("one", "other"))
    await asyncio.sleep(0)
    bell.ring("one")
    assert await woken is True
    assert await sleeping is False


async def test_who_is_cancelled_as_it_rings_ends() -> None:
    """Else a relay would go on, and a stopping server wait for it until it gives up."""
    bell = LocalBell()
    waiting = asyncio.create_task(bell.wait("one", 60))
    await asyncio.sleep(0)
    bell.ring("one")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
