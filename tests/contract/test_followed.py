"""What front ends follow, over WebSocket and server-sent events, and what they missed while away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schema import ids
from tests.contract.documents import executes
from tests.contract.front_end import FrontEnd, taken
from tests.contract.shopping import CARD, SHOP, buy, card_of, new_phone, pay, place, redeem, redeemer, reveal

BOUGHT = ["SOLD", "DELIVERED"]
Follow = Callable[..., Any]


@pytest.fixture(params=["socket", "stream"])
def follow(request: pytest.FixtureRequest, front_end: FrontEnd) -> Follow:
    """Both ways to follow."""
    found: Follow = getattr(front_end, request.param)
    return found


@pytest.fixture
def customer(front_end: FrontEnd) -> str:
    """Somebody new who has signed in to the shop."""
    return front_end.demo.customer(new_phone(), SHOP)


def recorded(front_end: FrontEnd, kind: str, aggregate_id: Any) -> list[tuple[str, str]]:
    """Position and new state of the events of one object, from the log of events."""
    rows = front_end.demo.rows(
        "SELECT position, payload ->> 'to' AS state FROM event WHERE kind = $1 AND aggregate_id = $2"
        " ORDER BY position",
        kind,
        aggregate_id,
    )
    return [(str(row["position"]), row["state"]) for row in rows]


@executes("MyOrderChanges")
def test_an_order_is_followed_and_replayed(front_end: FrontEnd, follow: Follow, customer: str) -> None:
    order = place(front_end, customer, {"sku": CARD})
    with follow("MyOrderChanges", customer, id=order["id"], after="0") as events:
        placed = next(events)
        assert placed["order"]["status"] == "AWAITING_PAYMENT"
        pay(front_end, customer, order)
        (paid,) = taken(events, 1)
    assert paid["order"]["id"] == order["id"]
    assert paid["order"]["status"] == "FULFILLED"
    assert [card["status"] for card in paid["order"]["lines"][0]["cards"]] == ["DELIVERED"]
    stored = recorded(front_end, "order.changed", ids.decode("ord", order["id"]))
    with follow("MyOrderChanges", customer, id=order["id"], after="0") as events:
        assert [one["position"] for one in taken(events, len(stored))] == [one[0] for one in stored]
    with follow("MyOrderChanges", customer, id=order["id"], after=placed["position"]) as events:
        assert next(events)["position"] == stored[1][0]


@executes("MyCards")
def test_a_customer_misses_no_step_of_its_cards(front_end: FrontEnd, follow: Follow, customer: str) -> None:
    card = card_of(front_end, customer)
    another = front_end.demo.customer(new_phone(), SHOP)
    card_of(front_end, another)
    with follow("MyCards", customer, after="0") as events:
        steps = taken(events, 2)
        reveal(front_end, customer, card)
        steps += taken(events, 1)
    assert [one["to"] for one in steps] == [*BOUGHT, "REVEALED"]
    assert {one["card"]["id"] for one in steps} == {card["id"]}
    stored = recorded(front_end, "card.status", ids.decode("crd", card["id"]))
    assert [(one["position"], one["to"]) for one in steps] == stored
    with follow("MyCards", customer, after=steps[0]["position"]) as events:
        assert [one["position"] for one in taken(events, 2)] == [one["position"] for one in steps[1:]]


@executes("ChannelRedemptions")
def test_an_agent_sees_redemptions_below_it(front_end: FrontEnd, follow: Follow, customer: str) -> None:
    agent, server = front_end.demo.sign_in("gd"), redeemer(front_end)
    elsewhere = front_end.demo.customer(new_phone(), "zj-hz-app01")
    start = str(front_end.demo.value("SELECT coalesce(max(position), 0) FROM event"))
    mine, theirs = card_of(front_end, customer), card_of(front_end, elsewhere)
    secrets = [reveal(front_end, customer, mine), reveal(front_end, elsewhere, theirs)]
    with follow("ChannelRedemptions", agent, channel=SHOP) as live:
        redeem(front_end, server, secret=secrets[1]["secret"])
        redeem(front_end, server, secret=secrets[0]["secret"])
        seen = next(live)
    assert seen["card"] == {
        "id": mine["id"], "sku": CARD, "status": "REDEEMED", "masked": mine["masked"],
        "channel": {"code": SHOP},
    }  # fmt: skip
    stored = recorded(front_end, "card.status", ids.decode("crd", mine["id"]))
    assert (seen["position"], seen["to"]) == stored[-1]
    with follow("ChannelRedemptions", agent, after=start) as events:
        assert next(events) == seen


@executes("MyOrderChanges")
def test_a_foreign_order_is_followed_in_silence(front_end: FrontEnd, follow: Follow, customer: str) -> None:
    another = front_end.demo.customer(new_phone(), SHOP)
    order = buy(front_end, another, {"sku": CARD})
    for id_ in (order["id"], "ord_" + "0" * 26, "nonsense"):
        with follow("MyOrderChanges", customer, id=id_, after="0") as events:
            assert list(events) == []
