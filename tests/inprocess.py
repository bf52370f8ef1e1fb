"""The server's own composition in the test's event loop, asked over ASGI without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

import server
from persistence.settings import Settings
from resolvers.site.lifespan import Site
from tests.transport.serving import Response, request


@dataclass(frozen=True, slots=True)
class Answered:
    """A GraphQL answer."""

    status: int
    data: Any
    errors: list[dict[str, Any]]
    headers: Mapping[str, str]

    @property
    def codes(self) -> list[str]:
        """The codes of the errors."""
        return [error["extensions"]["code"] for error in self.errors]


@dataclass(frozen=True, slots=True)
class Client:
    """Asks one site."""

    site: Site
    settings: Settings

    async def ask(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        token: str | None = None,
        **headers: str,
    ) -> Answered:
        """Run an operation, with a token if there is one."""
        body = orjson.dumps({"query": document, "variables": variables or {}})
        said: dict[str, Any] = {"content_type": "application/json", **headers}
        if token is not None:
            said["authorization"] = f"Bearer {token}"
        response = await request(self.site, body=body, **said)
        found = orjson.loads(response.body)
        return Answered(response.status, found.get("data"), found.get("errors", []), response.headers)

    async def get(self, path: str, **headers: Any) -> Response:
        """Fetch another path."""
        return await request(self.site, "GET", path=path, **headers)


@asynccontextmanager
async def client_of(dsn: str, data: Path, *, jobs: bool = True, **settings: Any) -> AsyncIterator[Client]:
    """A client of the demo profile over a database, with `settings` changed."""
    demo = Settings.of_demo()
    chosen = Settings.model_validate(demo.model_dump() | {"database_url": dsn, "data": data} | settings)
    async with server.composed(chosen, jobs=jobs) as site:
        yield Client(site, chosen)
