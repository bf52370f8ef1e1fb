"""What waits for one client keeps its order and its bound, whatever the client does."""

from __future__ import annotations

import asyncio

import pytest

from subscriptions.outbox import Outbox


class Peer:
    """A client that reads, pauses or leaves."""

    def __init__(self) -> None:
        self.got: list[int] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.lost = 0
        self.problem: Exception | None = None

    async def write(self, entry: int) -> None:
        """As a server writes: when the client is ready."""
        await self.reads.wait()
        if self.problem is not None:
            raise self.problem
        self.got.append(entry)

    def gone(self) -> None:
        """Count that it was noticed."""
        self.lost += 1


async def test_what_a_reading_client_gets_is_written_at_once_and_without_a_task() -> None:
    peer, tasks = Peer(), len(asyncio.all_tasks())
    outbox = Outbox(peer.write, 2, peer.gone)
    assert all(outbox.offer(n) for n in range(100))
    assert peer.got == list(range(100))
    assert len(asyncio.all_tasks()) == tasks


async def test_the_cheap_way_is_taken_only_where_nothing_waits() -> None:
    peer, ready = Peer(), [True]
    cheap: list[int] = []

    def at_once(entry: int) -> bool:
        if ready[0]:
            cheap.append(entry)
        return ready[0]

    outbox = Outbox(peer.write, 9, peer.gone, at_once)
    outbox.offer(1)
    ready[0] = False
    peer.reads.clear()
    outbox.offer(2)
    ready[0] = True
    outbox.offer(3)
    assert (cheap, peer.got) == ([1], [])
    peer.reads.set()
    await outbox.drained()
    outbox.offer(4)
    assert (cheap, peer.got) == ([1, 4], [2, 3])


async def test_a_client_that_pauses_gets_everything_in_order_up_to_the_bound() -> None:
    peer = Peer()
    outbox = Outbox(peer.write, 3, peer.gone)
    peer.reads.clear()
    assert [outbox.offer(n) for n in range(6)] == [True] * 4 + [False] * 2
    putting = [asyncio.create_task(outbox.put(n)) for n in (10, 11, 12)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in putting)
    peer.reads.set()
    await asyncio.gather(*putting)
    await outbox.drained()
    assert peer.got == [0, 1, 2, 3, 10, 11, 12]


@pytest.mark.parametrize("pauses", [False, True])
async def test_a_client_that_is_gone_is_noticed_once_and_costs_nothing_more(pauses: bool) -> None:
    peer = Peer()
    outbox = Outbox(peer.write, 1, peer.gone)
    peer.problem = OSError()
    if pauses:
        peer.reads.clear()
    assert outbox.offer(1)
    peer.reads.set()
    await outbox.drained()
    assert all(outbox.offer(n) for n in range(50))
    await outbox.put(51)
    assert (peer.lost, peer.got) == (1, [])


async def test_an_outbox_may_be_closed_in_the_step_in_which_its_client_pauses() -> None:
    peer = Peer()
    outbox = Outbox(peer.write, 1, peer.gone)
    peer.reads.clear()
    outbox.offer(1)
    async with asyncio.timeout(5):
        await outbox.close()
    assert peer.got == []


async def test_a_closed_outbox_drops_what_waits_and_lets_everybody_go() -> None:
    peer = Peer()
    outbox = Outbox(peer.write, 1, peer.gone)
    peer.reads.clear()
    outbox.offer(1)
    outbox.offer(2)
    putting = asyncio.create_task(outbox.put(3))
    await asyncio.sleep(0)
    await outbox.close()
    await putting
    assert outbox.offer(4)
    peer.reads.set()
    await asyncio.sleep(0)
    assert (peer.got, peer.lost) == ([], 0)
