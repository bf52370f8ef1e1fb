"""A client that keeps every answer which may not hold a secret, whatever it asked and however badly."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.promises.followers import PROTOCOL
from tests.server_process import ServerProcess

TOO_LARGE = 1_048_576
"""Bytes of a body that are not even read."""


@dataclass
class Witness:
    """Asks one server."""

    server: ServerProcess
    http: httpx2.AsyncClient
    answers: list[str] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    """The codes of refusals and errors that came back."""

    async def post(self, body: bytes | str, path: str = "/graphql", **headers: str) -> None:
        """Any body, to be kept with its answer's headers."""
        said = {"content-type": "application/json"} | {
            name.replace("_", "-"): v for name, v in headers.items()
        }
        try:
            self._keep(await self.http.post(self.server.url + path, content=body, headers=said))
        except httpx2.TransportError:
            # It was refused, and hung up on, before all of it had been sent.
            assert len(body) > TOO_LARGE

    async def get(self, path: str, **query: str) -> httpx2.Response:
        """Any address."""
        return self._keep(await self.http.get(self.server.url + path, params=query))

    def _keep(self, response: httpx2.Response) -> httpx2.Response:
        self.answers.append(f"{response.status_code} {response.headers.raw!r} {response.text}")
        assert response.status_code < 500 or '"INTERNAL"' in response.text, response.text
        return response

    async def ask(self, document: str, token: str | None, gives: bool = False, **variables: Any) -> Any:
        """One operation; `gives` says that its answer holds a secret by right. The first field, or None."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        body = {"query": document, "variables": variables}
        response = await self.http.post(f"{self.server.url}/graphql", json=body, headers=headers)
        if not gives:
            self._keep(response)
        return self._read(response)

    async def upload(
        self, document: str, token: str, content: str, name: str = "cards.csv", **said: Any
    ) -> Any:
        """A mutation with a file."""
        body = {"query": document, "variables": {"input": {**said, "file": None}}}
        response = await self.http.post(
            f"{self.server.url}/graphql",
            data={"operations": json.dumps(body), "map": json.dumps({"0": ["variables.input.file"]})},
            files={"0": (name, content.encode())},
            headers={"authorization": f"Bearer {token}"},
        )
        return self._read(self._keep(response))

    def _read(self, response: httpx2.Response) -> Any:
        found = response.json()
        self.codes |= {error["extensions"]["code"] for error in found.get("errors", [])}
        answer = next(iter((found.get("data") or {"": None}).values()))
        if isinstance(answer, dict) and "code" in answer:
            self.codes.add(answer["code"])
        return answer

    @asynccontextmanager
    async def socket(self, *protocols: str) -> AsyncIterator[Callable[..., Any]]:
        """A socket: what is sent over it, and the answers, which are kept until it is closed."""
        address = self.server.url.replace("http", "ws", 1) + "/graphql"
        offered = [PROTOCOL, *map(Subprotocol, protocols)]
        async with connect(address, subprotocols=offered, compression=None) as socket:

            async def say(message: Any, hear: int = 1) -> None:
                await socket.send(message if isinstance(message, str) else json.dumps(message))
                for _ in range(hear):
                    try:
                        self.answers.append(str(await socket.recv()))
                    except ConnectionClosed as closed:
                        self.answers.append(str(closed))

            yield say
