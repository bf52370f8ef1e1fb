"""What each window of a long run costs, and a plain loop in it: the machine has its moods too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

LOOP_EVERY_S = 3.0
LOOPED = 1_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """Processor seconds of one window, and processor milliseconds of the loop in it (mean)."""

    server_s: float
    postgres_s: float
    loop_ms: float


@asynccontextmanager
async def watched(
    window_s: float, server_s: Callable[[], float], postgres_s: Callable[[], float]
) -> AsyncIterator[list[Window]]:
    """Read both clocks every window until the block ends."""
    found: list[Window] = []

    async def watch() -> None:
        end_s = time.perf_counter()
        while True:
            end_s += window_s
            server, postgres, loops = server_s(), postgres_s(), [loop_ms()]
            while (left_s := end_s - time.perf_counter()) > LOOP_EVERY_S:
                await asyncio.sleep(LOOP_EVERY_S)
                loops.append(loop_ms())
            await asyncio.sleep(max(left_s, 0))
            found.append(Window(server_s() - server, postgres_s() - postgres, sum(loops) / len(loops)))

    watching = asyncio.create_task(watch())
    try:
        yield found
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def loop_ms() -> float:
    """Processor milliseconds of a million additions: how fast the machine is at this moment."""
    began_s, total = time.process_time(), 0
    for number in range(LOOPED):
        total += number
    return 1000 * (time.process_time() - began_s)
