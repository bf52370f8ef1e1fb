"""Followers of redemptions that are cut off again and again, and go on behind the last position they saw."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from tests.promises.documents import FOLLOW
from tests.server_process import ServerProcess

PROTOCOL = Subprotocol("graphql-transport-ws")
CUT_OFF = (OSError, EOFError, TimeoutError, ConnectionClosed, InvalidHandshake, httpx2.TransportError)
"""How a killed process looks to its followers."""


@dataclass
class Follower:
    """One client; `seen` is every event that reached it, in order."""

    servers: list[ServerProcess]
    token: str
    cuts: int
    """How often it leaves by itself; afterwards it stays until it has seen `enough`."""
    enough: int
    seen: list[tuple[int, str]] = field(default_factory=list)
    """(position, card id)"""
    connections: int = 0

    @property
    def after(self) -> str:
        """Where it goes on: behind the last event, at first behind none."""
        return str(self.seen[-1][0]) if self.seen else "0"

    async def follow(self) -> None:
        """Connect, listen for a while, leave without a word, and come back, until everything was seen."""
        while len(self.seen) < self.enough:
            server = self.servers[self.connections % len(self.servers)]
            self.connections += 1
            # At most a share each time, so that something is left for the connection behind the last cut.
            share = self.enough // (self.cuts + 1)
            stays = self.enough if self.connections > self.cuts else random.randint(1, max(share, 1))
            try:
                await self._listen(server, stays)
            except CUT_OFF:
                await asyncio.sleep(0.05)

    async def _listen(self, server: ServerProcess, most: int) -> None:
        events = self.events(server)
        try:
            async for change in events:
                assert change["to"] == change["card"]["status"] == "REDEEMED"
                self.seen.append((int(change["position"]), change["card"]["id"]))
                most -= 1
                if most <= 0 or len(self.seen) >= self.enough:
                    return
        finally:
            await events.aclose()

    def events(self, server: ServerProcess) -> AsyncGenerator[dict[str, Any]]:
        """What one connection brings, as an async generator."""
        raise AssertionError("A transport says how.")


class SocketFollower(Follower):
    """Over graphql-transport-ws."""

    async def events(self, server: ServerProcess) -> AsyncGenerator[dict[str, Any]]:
        """What one socket brings."""
        address = server.url.replace("http", "ws", 1) + "/graphql"
        async with connect(address, subprotocols=[PROTOCOL], compression=None, close_timeout=0.1) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": {"token": self.token}}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            payload = {"query": FOLLOW, "variables": {"after": self.after}}
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "next":
                    yield change_of(message["payload"])
                assert message["type"] in ("next", "ping"), message


class StreamFollower(Follower):
    """Over server-sent events."""

    async def events(self, server: ServerProcess) -> AsyncGenerator[dict[str, Any]]:
        """What one stream brings."""
        body = {"query": FOLLOW, "variables": {"after": self.after}}
        headers = {"authorization": f"Bearer {self.token}", "accept": "text/event-stream"}
        async with (
            httpx2.AsyncClient(timeout=30, trust_env=False) as http,
            http.stream("POST", f"{server.url}/graphql", json=body, headers=headers) as response,
        ):
            assert response.status_code == 200
            async for line in response.aiter_lines():
                name, _, data = line.partition(": ")
                if name == "data" and data:
                    yield change_of(json.loads(data))


def change_of(answer: dict[str, Any]) -> dict[str, Any]:
    """The event in an answer, which must come without `errors`."""
    assert "errors" not in answer, answer
    change: dict[str, Any] = answer["data"]["cardStatusChanged"]
    return change
