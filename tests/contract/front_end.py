"""A front end that knows the contract's operations and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import httpx2
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.contract.documents import Operation, operations_of
from tests.fixtures.served import WAIT_S, ServedDemo

OPERATIONS = operations_of()


@dataclass(slots=True)
class Answered:
    """What came back."""

    data: Any
    errors: list[dict[str, Any]]


@dataclass(slots=True)
class FrontEnd:
    """Sends operations of the files, by name, and remembers which."""

    demo: ServedDemo
    sent: set[str] = field(default_factory=set)

    def _text(self, name: str) -> Operation:
        self.sent.add(name)
        return OPERATIONS[name]

    def send(self, name: str, token: str | None = None, **variables: Any) -> Answered:
        """A query or mutation over HTTP."""
        response = self.demo.post(self._text(name).text, variables, token)
        assert response.status_code == 200, response.text
        return _answered(response.json())

    def ask(self, name: str, token: str | None = None, **variables: Any) -> Any:
        """The same where it must succeed; answers its one field, or all where there are several."""
        found = self.send(name, token, **variables)
        assert found.errors == []
        return next(iter(found.data.values())) if len(found.data) == 1 else found.data

    def fallbacks(self) -> list[str]:
        """What the server counts of operations that were not answered as compiled."""
        response = self.demo.http.get(self.demo.url.removesuffix("/graphql") + "/metrics")
        assert response.status_code == 200
        return [line for line in response.text.splitlines() if line.startswith("quanyi_fallbacks_total")]

    def upload(self, name: str, token: str, content: bytes, file_name: str, **said: Any) -> Any:
        """A mutation whose `input.file` is a file, as the multipart request specification has it."""
        variables = {"input": {**said, "file": None}}
        operations = json.dumps({"query": self._text(name).text, "variables": variables})
        response = self.demo.http.post(
            self.demo.url,
            data={"operations": operations, "map": json.dumps({"0": ["variables.input.file"]})},
            files={"0": (file_name, content)},
            headers={"authorization": f"Bearer {token}"},
        )
        assert response.status_code == 200, response.text
        found = _answered(response.json())
        assert found.errors == []
        return next(iter(found.data.values()))

    @contextmanager
    def socket(self, name: str, token: str, **variables: Any) -> Iterator[Iterator[Any]]:
        """A subscription over graphql-transport-ws: what comes, until the block ends."""
        protocol = Subprotocol("graphql-transport-ws")
        with connect(self.demo.socket_url, subprotocols=[protocol], compression=None) as socket:
            _say(socket, type="connection_init", payload={"Authorization": f"Bearer {token}"})
            assert _hear(socket) == {"type": "connection_ack"}
            payload = {"query": self._text(name).text, "variables": variables}
            _say(socket, type="subscribe", id="1", payload=payload)
            yield _socket_events(socket)

    @contextmanager
    def stream(self, name: str, token: str, **variables: Any) -> Iterator[Iterator[Any]]:
        """The same over server-sent events."""
        body = {"query": self._text(name).text, "variables": variables}
        headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
        with self.demo.http.stream("POST", self.demo.url, json=body, headers=headers) as response:
            assert response.status_code == 200, response.read()
            yield _stream_events(response)


def taken(events: Iterator[Any], count: int) -> list[Any]:
    """The next events."""
    return list(islice(events, count))


def _answered(found: dict[str, Any]) -> Answered:
    return Answered(found.get("data"), found.get("errors", []))


def _say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def _hear(socket: ClientConnection) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=WAIT_S))
        if message["type"] != "ping":
            return message


def _socket_events(socket: ClientConnection) -> Iterator[Any]:
    while (message := _hear(socket))["type"] == "next":
        assert "errors" not in message["payload"], message
        yield next(iter(message["payload"]["data"].values()))
    assert message == {"id": "1", "type": "complete"}


def _stream_events(response: httpx2.Response) -> Iterator[Any]:
    name, end_s = "", time.monotonic() + WAIT_S
    for line in response.iter_lines():
        assert time.monotonic() < end_s, "Nothing but heartbeats came."
        said, _, text = line.partition(": ")
        if said == "event":
            name = text
        if name == "complete":
            return
        if said == "data":
            found = json.loads(text)
            assert "errors" not in found, found
            yield next(iter(found["data"].values()))
