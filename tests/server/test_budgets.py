"""A caller who asks too much in a minute is sent away over every transport, and nobody else with it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.fixtures.demo import Home
from tests.fixtures.served import ServedDemo

SHOP = "gd-sz-mini01"
GRAPHQL = "application/graphql-response+json"
LIST = "{ products(first: 20) { edges { node { slug variants { sku } } } } }"
COST = 153
FOLLOW = 'subscription { orderChanged(id: "ord_x") { position } }'


_numbers = itertools.count()


@pytest.fixture(scope="module")
def shop(demo_home: Home) -> Iterator[ServedDemo]:
    """A server behind a proxy that is believed, so that each test comes from an address of its own."""
    small = {"budget_address": 4 * COST - 1, "budget_device": 2 * COST - 1, "trusted_proxies": "127.0.0.1"}
    with demo_home.copied() as home, home.served(jobs=False, **small) as served:
        served.post(LIST, token=token_of(served))
        yield served


def token_of(shop: ServedDemo) -> str:
    return str(shop.guide["storefrontTokens"][SHOP])


def ask(
    shop: ServedDemo, address: str, document: str = LIST, accept: str = GRAPHQL, device: str | None = None
) -> httpx2.Response:
    headers = {"authorization": f"Bearer {token_of(shop)}", "x-forwarded-for": address, "accept": accept}
    if device is not None:
        headers["x-device-id"] = device
    return shop.http.post(shop.url, json={"query": document}, headers=headers)


def newcomer(shop: ServedDemo) -> str:
    """An address whose minute has just begun or goes on for long enough, with one list asked for."""
    for number in _numbers:
        address = f"10.1.{number // 256}.{number % 256}"
        if budget_of(ask(shop, address))["resetsInSeconds"] > 20:
            return address
    raise AssertionError("numbers do not end")


def spent(shop: ServedDemo) -> str:
    """An address with less left than a list costs."""
    address = newcomer(shop)
    assert [ask(shop, address).status_code for _ in range(2)] == [200, 200]
    return address


def budget_of(response: httpx2.Response) -> dict[str, Any]:
    found: dict[str, Any] = response.json()["extensions"]["cost"]["budget"]
    return found


@pytest.mark.parametrize("accept", [GRAPHQL, "application/json"])
def test_over_http_it_is_429_in_either_media_type(shop: ServedDemo, accept: str) -> None:
    address = newcomer(shop)
    second = ask(shop, address, accept=accept)
    assert second.json()["extensions"]["cost"]["requested"] == COST
    assert (budget_of(second)["scope"], budget_of(second)["remaining"]) == ("ADDRESS", 2 * COST - 1)
    ask(shop, address)
    response = ask(shop, address, accept=accept)
    assert response.status_code == 429
    assert response.headers["content-type"].startswith(accept)
    facts = response.json()["errors"][0]["extensions"]
    assert (facts["code"], facts["scope"]) == ("RATE_LIMITED", "ADDRESS")
    assert 1 <= facts["retryAfterSeconds"] == int(response.headers["retry-after"]) <= 60
    assert budget_of(response)["remaining"] == COST - 1
    assert ask(shop, newcomer(shop)).status_code == 200


def test_one_device_is_not_its_whole_network(shop: ServedDemo) -> None:
    address = newcomer(shop)
    device = next(
        name
        for name in (f"phone-{number}" for number in range(100))
        if budget_of(ask(shop, newcomer(shop), device=name))["resetsInSeconds"] > 20
    )
    response = ask(shop, address, device=device)
    assert response.status_code == 429
    assert response.json()["errors"][0]["extensions"]["scope"] == "DEVICE"
    assert ask(shop, address, device="another").status_code == 200


def test_an_event_stream_is_refused_before_it_begins(shop: ServedDemo) -> None:
    address = spent(shop)
    ask(shop, address, "{ " + "nothing " * 400 + "}")  # a refused document is charged for its length
    response = ask(shop, address, FOLLOW, accept="text/event-stream")
    assert response.status_code == 429
    assert response.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


def test_over_a_socket_the_operation_is_refused_and_the_connection_stays(shop: ServedDemo) -> None:
    headers = {"x-forwarded-for": spent(shop)}
    protocols = [Subprotocol("graphql-transport-ws")]
    with connect(shop.socket_url, subprotocols=protocols, additional_headers=headers) as socket:
        say(socket, {"type": "connection_init", "payload": {"token": token_of(shop)}})
        assert heard(socket)["type"] == "connection_ack"
        for _ in range(2):  # the id is free again
            say(socket, {"type": "subscribe", "id": "1", "payload": {"query": LIST}})
            refused = heard(socket)
            assert (refused["type"], refused["id"]) == ("error", "1")
            assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
            assert refused["payload"][0]["extensions"]["retryAfterSeconds"] >= 1
        say(socket, {"type": "ping"})
        assert heard(socket)["type"] == "pong"


def test_an_agent_is_not_limited_by_its_address(shop: ServedDemo) -> None:
    said = {"authorization": f"Bearer {shop.sign_in('hq')}", "x-forwarded-for": spent(shop)}
    response = shop.http.post(shop.url, json={"query": "{ viewer { kind } }"}, headers=said)
    assert budget_of(response)["scope"] == "PRINCIPAL"
    assert budget_of(response)["perMinute"] == 2_000_000


def test_operators_see_what_was_asked_for_and_who_was_sent_away(shop: ServedDemo) -> None:
    before = counted(shop)
    address = spent(shop)
    assert ask(shop, address).status_code == 429
    ask(shop, newcomer(shop), "{ nothing }")
    grown = {name: value - before.get(name, 0) for name, value in counted(shop).items()}
    assert grown['quanyi_cost_total{kind="STOREFRONT"}'] >= 4 * COST
    assert grown['quanyi_budget_refusals_total{scope="ADDRESS"}'] == 1
    assert grown['quanyi_refusals_total{code="RATE_LIMITED"}'] == 1
    assert grown['quanyi_refusals_total{code="GRAPHQL_VALIDATION_FAILED"}'] == 1


def counted(shop: ServedDemo) -> dict[str, float]:
    text = shop.http.get(shop.url.replace("/graphql", "/metrics")).text
    parts = (line.rpartition(" ") for line in text.splitlines() if line[0] != "#")
    return {name: float(value) for name, _, value in parts}


def say(socket: ClientConnection, message: dict[str, Any]) -> None:
    socket.send(json.dumps(message))


def heard(socket: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(socket.recv(timeout=30))
    return found
