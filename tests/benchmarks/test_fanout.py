"""The measurement of live feeds gives figures, and what they say of memory holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fanout import SELECTIONS, allow, fanned_out, filled, idle, rigged
from benchmarks.sides import WARM_UP


def test_the_bare_side_sends_as_many_bytes_whatever_the_names_are() -> None:
    for message in ("{}", '{"name":"广东"}' * 9, "x" * 99):
        assert [len(filled(message, size).encode()) for size in (1, 40, 251)] == [1, 40, 251]


@pytest.mark.soak
async def test_both_sides_deliver_the_same(dsn: str, tmp_path: Path) -> None:
    sockets, events = 12, 2
    async with rigged(dsn, tmp_path) as rig:
        found = await fanned_out(rig, sockets, events)
        memory = await idle(rig, sockets, groups=5)
    assert found["encoded"] == len(SELECTIONS) * (events + WARM_UP)
    assert found["delivered"] == sockets * (events + WARM_UP)
    assert found["ours"].message_bytes == found["bare"].message_bytes > 100
    assert min(found["ours"].cpu_us, found["bare"].cpu_us, *memory.values()) > 0


@pytest.mark.soak
@pytest.mark.parametrize("groups", [3, 2_000])
async def test_ten_thousand_idle_subscribers_fit_in_a_gigabyte(dsn: str, tmp_path: Path, groups: int) -> None:
    allow(10_000)
    async with rigged(dsn, tmp_path) as rig:
        memory = await idle(rig, 10_000, groups)
    print(f"\n{groups} groups", {name: round(value) for name, value in memory.items()})
    assert max(memory.values()) < 1_000
