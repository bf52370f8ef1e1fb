"""Tasks that run as long as the process serves: begun again when they fall, and ended in good order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

RESTART_S = 1.0
"""Pause before a task that fell is begun again, seconds."""

STOP_S = 8.0
"""How long the tasks may take to end what they are at, seconds."""

Run = Callable[[], Awaitable[None]]


@asynccontextmanager
async def running(**runs: Run) -> AsyncIterator[None]:
    """Keep each function running, by its name in the logs, until the block ends."""
    tasks = [asyncio.create_task(_keep(name, run), name=name) for name, run in runs.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        _, left = await asyncio.wait(tasks, timeout=STOP_S) if tasks else (set(), set())
        for task in left:
            structlog.get_logger().warning("background.abandoned", task=task.get_name())


async def _keep(name: str, run: Run) -> None:
    while True:
        try:
            await run()
        except Exception as problem:
            structlog.get_logger().error("background.fell", task=name, exc_info=problem)
        await asyncio.sleep(RESTART_S)
