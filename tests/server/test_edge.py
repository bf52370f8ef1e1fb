"""Every request passes the edge: its id, the client's address, CORS, careful headers, and the routes."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from resolvers.site.edge import Edge, EdgePolicy
from resolvers.site.routes import Routes, respond
from schema.engine.asgi import Receive, Scope, Send
from tests.transport.serving import request


class Echo:
    """Answers what it was asked with."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say the client's address and the request's id."""
        said = dict(scope["headers"])
        await respond(send, 200, {"client": scope["client"][0], "id": said[b"x-request-id"].decode()})


def edge(origins: str = "*", proxies: str = "") -> Edge:
    return Edge(Routes({"/graphql": Echo(), "/graphql/files/": Echo()}, {}), EdgePolicy.of(origins, proxies))


async def asked(app: Edge, **headers: Any) -> dict[str, Any]:
    found = orjson.loads((await request(app, **headers)).body)
    assert isinstance(found, dict)
    return found


async def test_a_request_id_that_is_given_is_kept_and_echoed() -> None:
    response = await request(edge(), x_request_id="abc-1")
    assert response.headers["x-request-id"] == orjson.loads(response.body)["id"] == "abc-1"


@pytest.mark.parametrize("said", ["", "a b", "x" * 65, "é"])
async def test_another_request_id_is_replaced(said: str) -> None:
    response = await request(edge(), x_request_id=said)
    assert response.headers["x-request-id"] == orjson.loads(response.body)["id"] != said
    assert len(response.headers["x-request-id"]) == 32


async def test_nobody_is_believed_about_a_forwarded_address() -> None:
    assert (await asked(edge(), x_forwarded_for="203.0.113.9"))["client"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("2001:db8::7", "2001:db8::7"),
        ("10.1.2.3", "127.0.0.1"),
        ("203.0.113.9, nonsense", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
async def test_a_trusted_proxy_is_believed_about_the_hop_before_it(forwarded: str, client: str) -> None:
    app = edge(proxies="127.0.0.1, 10.0.0.0/8")
    assert (await asked(app, x_forwarded_for=forwarded))["client"] == client


def test_a_proxy_that_is_no_network_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        EdgePolicy.of("*", "nonsense")


async def test_a_preflight_is_answered_for_every_page_by_default() -> None:
    response = await request(
        edge(), "OPTIONS", origin="https://shop.example", access_control_request_method="POST"
    )
    assert response.status == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert "authorization" in response.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://shop.example", "https://shop.example"), ("https://other.example", None), ("null", None)],
)
async def test_only_named_pages_may_call_when_pages_are_named(origin: str, allowed: str | None) -> None:
    response = await request(edge(origins="https://shop.example/, https://b.example"), origin=origin)
    assert response.status == 200
    assert response.headers.get("access-control-allow-origin") == allowed


class Asked:
    """A WebSocket whose client is there from the beginning."""

    def __init__(self, address: str) -> None:
        self.scope: Scope = {"type": "websocket", "path": "/graphql", "headers": [], "client": (address, 1),
                             "subprotocols": ["graphql-transport-ws"]}  # fmt: skip
        self.sent: list[Any] = []
        self.left = asyncio.Event()

    async def receive(self) -> Any:
        return {"type": "websocket.connect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def hold(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        """Serve until the client leaves."""
        await self.left.wait()


async def test_an_address_may_open_so_many_sockets_and_another_one_its_own() -> None:
    first, second, third = Asked("192.0.2.1"), Asked("192.0.2.1"), Asked("192.0.2.2")
    app = Edge(first.hold, EdgePolicy.of("*", "", sockets_per_address=1))
    held = [asyncio.create_task(app(one.scope, one.receive, one.send)) for one in (first, third)]
    await asyncio.sleep(0)
    await app(second.scope, second.receive, second.send)
    accepted, closed = second.sent
    assert accepted == {"type": "websocket.accept", "subprotocol": "graphql-transport-ws"}
    assert (closed["type"], closed["code"]) == ("websocket.close", 1013)
    assert (first.sent, third.sent) == ([], [])
    first.left.set()
    await asyncio.gather(*held)
    await app(second.scope, second.receive, second.send)
    assert len(second.sent) == 2


async def test_without_an_origin_nothing_is_said_of_origins() -> None:
    assert "access-control-allow-origin" not in (await request(edge())).headers


async def test_browsers_are_kept_careful() -> None:
    headers = (await request(edge())).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/graphql/", "/graphql/other", "/graphqlx", "/.env", "/graphql/files"])
async def test_an_unknown_path_is_a_404_in_json(path: str) -> None:
    response = await request(edge(), path=path)
    assert response.status == 404
    assert response.headers["content-type"].startswith("application/json")
    assert orjson.loads(response.body)["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_folder_answers_for_all_below_it() -> None:
    assert (await request(edge(), path="/graphql/files/a.js")).status == 200
