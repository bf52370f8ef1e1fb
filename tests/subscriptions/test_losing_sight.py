"""A live feed ends with the token it came with, and passes over what has left its caller's sight."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.fixtures.served import ServedDemo

SHOP, CITY, OTHER_CITY, PROVINCE = "gd-sz-media01", "gd-sz", "gd-gz", "gd"
CARDS = "subscription ($after: String) { cardStatusChanged(after: $after) { position to card { status } } }"
ORDER = "subscription ($id: ID!) { orderChanged(id: $id) { order { status } } }"
ACCOUNT = """subscription ($channel: String) { accountChanged(channel: $channel) {
  channel { code } account { balance { amount } held { amount } } } }"""
WITHIN_S = 30.0
"""Far more than it takes: these machines are busy."""


@contextmanager
def following(demo: ServedDemo, token: str, document: str, **variables: Any) -> Iterator[ClientConnection]:
    """A socket with one subscription."""
    with connect(demo.socket_url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        for message in (
            {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}},
            {"type": "subscribe", "id": "1", "payload": {"query": document, "variables": variables}},
        ):
            socket.send(json.dumps(message))
        assert json.loads(socket.recv(timeout=WITHIN_S)) == {"type": "connection_ack"}
        yield socket


def close_code(socket: ClientConnection) -> int | None:
    """With which code the server closes, soon."""
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=WITHIN_S)
    return closed.value.rcvd.code if closed.value.rcvd else None


def place(demo: ServedDemo, token: str) -> str:
    """An order of a card; its id."""
    document = "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { ... on Order { id } } }"
    said = {"lines": [{"sku": "TXV-VIP-1M"}], "idempotencyKey": uuid4().hex}
    return str(demo.ask(document, token, input=said)["placeOrder"]["id"])


def pay(demo: ServedDemo, token: str, order: str) -> None:
    document = "mutation ($input: PayOrderInput!) { payOrder(input: $input) { ... on Payment { id } } }"
    said = {"orderId": order, "method": "SHOP_COLLECTED", "idempotencyKey": uuid4().hex}
    assert demo.ask(document, token, input=said)["payOrder"]


def move(demo: ServedDemo, parent: str) -> None:
    """Put the shop below another city."""
    document = """mutation ($input: MoveChannelInput!) { moveChannel(input: $input) { __typename } }"""
    said = {"channel": SHOP, "parent": parent}
    moved = demo.ask(document, demo.sign_in(PROVINCE), input=said)
    assert moved["moveChannel"]["__typename"] == "Channel"


def sign_out(demo: ServedDemo, token: str) -> None:
    demo.ask("mutation { signOut { __typename } }", token)


def suspend(demo: ServedDemo, change: str = "suspendChannel") -> None:
    document = f"mutation ($input: ChannelStatusInput!) {{ {change}(input: $input) {{ __typename }} }}"
    demo.ask(document, demo.sign_in(PROVINCE), input={"channel": CITY})


def test_a_socket_ends_when_its_session_does(demo: ServedDemo) -> None:
    token = demo.sign_in(SHOP)
    with following(demo, token, CARDS) as socket:
        sign_out(demo, token)
        assert close_code(socket) == 4403


def test_a_stream_ends_when_its_session_does(demo: ServedDemo) -> None:
    token = demo.sign_in(SHOP)
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    with demo.http.stream("POST", demo.url, json={"query": CARDS}, headers=headers) as response:
        lines = response.iter_lines()
        assert next(lines) == ":"
        sign_out(demo, token)
        ends_s = time.monotonic() + WITHIN_S
        assert not any(lines)
        assert time.monotonic() < ends_s


def test_a_socket_ends_when_a_channel_above_is_suspended(demo: ServedDemo) -> None:
    with (
        following(demo, demo.sign_in(SHOP), CARDS) as socket,
        following(demo, demo.sign_in(OTHER_CITY), CARDS) as beside,
    ):
        suspend(demo)
        try:
            assert close_code(socket) == 4403
        finally:
            suspend(demo, "resumeChannel")
        beside.send(json.dumps({"type": "ping"}))
        assert json.loads(beside.recv(timeout=WITHIN_S)) == {"type": "pong"}


def test_what_has_left_the_callers_sight_is_passed_over(demo: ServedDemo) -> None:
    shop, sister = demo.sign_in(SHOP), demo.sign_in("gd-sz-mini01")
    pay(demo, shop, place(demo, shop))
    move(demo, OTHER_CITY)
    try:
        city = demo.sign_in(CITY)
        # What is sold in its own shop afterwards is the first that the city hears of.
        with following(demo, city, CARDS, after="0") as socket:
            pay(demo, sister, place(demo, sister))
            heard = json.loads(socket.recv(timeout=WITHIN_S))
        assert "errors" not in heard["payload"]
        assert heard["payload"]["data"]["cardStatusChanged"]["to"] == "SOLD"
    finally:
        move(demo, CITY)


def test_an_order_that_leaves_the_callers_sight_is_followed_no_more(demo: ServedDemo) -> None:
    shop = demo.sign_in(SHOP)
    order = place(demo, shop)
    with following(demo, demo.sign_in(CITY), ORDER, id=order) as socket:
        move(demo, OTHER_CITY)
        try:
            pay(demo, shop, order)
            assert json.loads(socket.recv(timeout=WITHIN_S)) == {"type": "complete", "id": "1"}
        finally:
            move(demo, CITY)


def test_an_account_is_followed_from_above_and_as_long_as_it_is_below(demo: ServedDemo) -> None:
    """Sales of a second are one change; a sister's account is as one that never was."""
    shop, city = demo.sign_in(SHOP), demo.sign_in(CITY)
    with (
        following(demo, demo.sign_in(OTHER_CITY), ACCOUNT, channel=SHOP) as foreign,
        following(demo, city, ACCOUNT, channel=SHOP) as socket,
    ):
        assert json.loads(foreign.recv(timeout=WITHIN_S)) == {"type": "complete", "id": "1"}
        orders = [place(demo, shop) for _ in range(3)]
        told: list[Any] = []
        while not told or told[-1]["account"] != _account(demo, shop):
            told.append(json.loads(socket.recv(timeout=WITHIN_S))["payload"]["data"]["accountChanged"])
        assert {one["channel"]["code"] for one in told} == {SHOP}
        assert len(told) <= len(orders)
        move(demo, OTHER_CITY)
        try:
            pay(demo, shop, orders[0])
            while (heard := json.loads(socket.recv(timeout=WITHIN_S)))["type"] == "next":
                pass  # of before it was moved
            assert heard == {"type": "complete", "id": "1"}
        finally:
            move(demo, CITY)


def _account(demo: ServedDemo, token: str) -> object:
    document = "{ viewer { channel { account { balance { amount } held { amount } } } } }"
    return demo.ask(document, token)["viewer"]["channel"]["account"]
