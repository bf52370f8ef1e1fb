"""The two programs that our reads are held against, each served as ours is: one uvicorn worker.

python -m benchmarks.rivals by-hand | strawberry      the address is printed
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

import server
from benchmarks.by_hand import ByHand
from persistence.starting import demo_settings
from persistence.store import Store, opened
from resolvers.site.lifespan import Living, Site
from resolvers.site.listener import bound, serve, url_of
from schema.context import Context, ContextGateway

WAYS = ("by-hand", "strawberry")


class Strawberry(GraphQL[Any, Any]):
    """strawberry's own ASGI handler over our schema: it parses, validates and executes each request with
    graphql-core, and our levels are aiodataloader's loaders there.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(server.build_schema(), graphql_ide=None)
        self._gateway = ContextGateway(store.authenticator, store.reads, store.perform, store.feed)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """The caller of a request, found as our endpoint finds it."""
        return await self._gateway.open(dict(request.headers), None, "127.0.0.1")


@asynccontextmanager
async def _site(way: str) -> AsyncIterator[Site]:
    async with opened(demo_settings()) as store:

        async def leave() -> None:
            """Neither has long-lived connections."""

        yield Site(ByHand(store) if way == "by-hand" else Strawberry(store), leave)


def main(way: str) -> None:
    """Serve until SIGTERM."""
    server.load_areas()
    listener = bound("127.0.0.1", 0)
    serve(Living(lambda: _site(way)), listener, 5, lambda: print(url_of(listener), flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
