"""The measurement of live feeds gives figures, and counts what was made and what was given away."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fanout import SELECTIONS, fanned_out, idle, rigged
from benchmarks.sides import WARM_UP


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
