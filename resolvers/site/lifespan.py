"""The lifespan of an ASGI process: the site is made when the process starts, and taken down in order."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress

import structlog

from schema.engine.asgi import Asgi, Receive, Scope, Send

_COLLECTED = (20_000, 20, 50)
"""How rarely the collector looks: requests leave next to no cycles, and it would walk through the views and
plans that are kept again and again, all connections waiting.
"""


class Living:
    """An ASGI application over a site that a context manager makes and takes down.

    `leave` is called when the server begins to stop, before it waits for its connections.
    """

    def __init__(self, opened: Callable[[], AbstractAsyncContextManager[Site]]) -> None:
        self._opened = opened
        self._site: Site | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or begin and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        assert self._site is not None
        await self._site(scope, receive, send)

    async def leave(self) -> None:
        """Let the long-lived connections go, so that the server need not wait for them."""
        if self._site is not None:
            await self._site.leave()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self._opened() as site:
                self._site = site
                # What exists now lives as long as the process: the collector need not look at it again.
                gc.collect()
                gc.freeze()
                gc.set_threshold(*_COLLECTED)
                await send({"type": "lifespan.startup.complete"})
                with suppress(asyncio.CancelledError):
                    await receive()
                await site.leave()
        except Exception as problem:
            structlog.get_logger().error("lifespan.failed", exc_info=problem)
            kind = "startup" if self._site is None else "shutdown"
            await send({"type": f"lifespan.{kind}.failed", "message": type(problem).__name__})
            return
        await send({"type": "lifespan.shutdown.complete"})


class Site:
    """An ASGI application with long-lived connections that it can let go of."""

    def __init__(self, app: Asgi, leave: Callable[[], Awaitable[None]]) -> None:
        self._app, self._leave = app, leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await self._app(scope, receive, send)

    async def leave(self) -> None:
        """Say goodbye on every long-lived connection."""
        await self._leave()
