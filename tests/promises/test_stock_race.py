"""More buyers than cards, at the same moment, through several processes: none is sold twice or lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.promises.documents import PAY, PLACE
from tests.promises.invariants import assert_sound
from tests.promises.trade import Clients, Trade, clients_of
from tests.server_process import ServerProcess

CARDS, BUYERS = 100, 200
RUNS = [1, pytest.param(20, marks=pytest.mark.soak)]
Lines = list[dict[str, Any]]


async def buy(clients: Clients, token: str, lines: Lines) -> dict[str, Any]:
    """Place and pay; the payment, or the refusal to place. Whatever else comes fails the test."""
    placed = await clients.ask(PLACE, token, idempotencyKey=uuid4().hex, lines=lines)
    if placed["__typename"] != "Order":
        return placed
    said = {"orderId": placed["id"], "method": "SANDBOX", "idempotencyKey": uuid4().hex}
    paid = await clients.ask(PAY, token, **said)
    assert (paid["__typename"], paid["status"]) == ("Payment", "CAPTURED")
    assert paid["order"]["status"] == "FULFILLED"
    return paid


async def rush(clients: Clients, buyers: list[str], baskets: list[Lines]) -> list[dict[str, Any]]:
    """Everybody at once, the baskets in turn."""
    chosen = [baskets[number % len(baskets)] for number in range(len(buyers))]
    return await asyncio.gather(*(buy(clients, *one) for one in zip(buyers, chosen, strict=True)))


def check_answers(answers: list[dict[str, Any]], skus: set[str]) -> None:
    """Half of them bought; the others heard in so many words that nothing is left."""
    assert Counter(one["__typename"] for one in answers) == {
        "Payment": CARDS,
        "StockExhausted": BUYERS - CARDS,
    }
    for one in answers:
        if one["__typename"] == "StockExhausted":
            assert (one["code"], one["wanted"], one["left"]) == ("STOCK_EXHAUSTED", 1, 0)
            assert one["sku"] in skus


async def check_cards(trade: Trade, sku: str) -> None:
    """Every card was sold, each on a line of its own and reserved once; the gate says nothing is left."""
    assert await trade.states(sku) == {"DELIVERED": CARDS}
    assert await trade.available(sku) == 0
    lines, cards = (
        await trade.rows(
            """SELECT count(DISTINCT (c.order_line_id, c.fulfilment_id)), count(*) FROM card c
                 JOIN variant v ON v.id = c.variant_id WHERE v.sku = $1""",
            sku,
        )
    )[0]
    assert (lines, cards) == (CARDS, CARDS)
    reserved = await trade.value(
        """SELECT count(*) FROM card_event e JOIN card c ON c.id = e.card_id
             JOIN variant v ON v.id = c.variant_id WHERE v.sku = $1 AND e.to_state = 'RESERVED'""",
        sku,
    )
    assert reserved == CARDS


def check_logs(servers: list[ServerProcess]) -> None:
    """Nothing went wrong behind answers that look right."""
    assert [one.log for one in servers if "fault" in one.log or "error" in one.log] == []


async def deadlocks(trade: Trade) -> int:
    """How many PostgreSQL has broken up in this database; what is tried again is counted too."""
    await trade.rows("SELECT pg_stat_force_next_flush()")
    return int(await trade.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))


@pytest.mark.parametrize("runs", RUNS)
async def test_two_hundred_buyers_of_a_hundred_cards(
    trade: Trade, valkey: str, tmp_path: Path, runs: int
) -> None:
    customers = await trade.customers(BUYERS // 2)
    buyers = [token for customer in customers for token in (customer, trade.front)]
    async with trade.serving(tmp_path, 2, REDIS_URL=valkey) as servers, clients_of(servers) as clients:
        for run in range(runs):
            sku = f"RUN-{run}"
            await trade.add_product(sku)
            await trade.stock(sku, CARDS)
            answers = await rush(clients, buyers, [[{"sku": sku, "quantity": 1}]])
            check_answers(answers, {sku})
            await check_cards(trade, sku)
        await assert_sound(trade.owner)
        check_logs(servers)


@pytest.mark.parametrize("runs", RUNS)
async def test_bundles_and_orders_that_want_the_same_cards_in_opposite_order(
    trade: Trade, valkey: str, tmp_path: Path, runs: int
) -> None:
    customers = await trade.customers(BUYERS)
    async with trade.serving(tmp_path, 2, REDIS_URL=valkey) as servers, clients_of(servers) as clients:
        for run in range(runs):
            one, other = f"ONE-{run}", f"OTHER-{run}"
            for sku in (one, other):
                await trade.add_product(sku)
                await trade.stock(sku, CARDS)
            await trade.add_product(f"PACK-{run}", "BUNDLE", **{one: 1, other: 1})
            await trade.add_product(f"BACK-{run}", "BUNDLE", **{other: 1, one: 1})
            baskets = [[f"PACK-{run}"], [other, one], [f"BACK-{run}"], [one, other]]
            lines = [[{"sku": sku, "quantity": 1} for sku in basket] for basket in baskets]
            check_answers(await rush(clients, customers, lines), {one, other})
            for sku in (one, other):
                await check_cards(trade, sku)
        assert await deadlocks(trade) == 0
        await assert_sound(trade.owner)
        check_logs(servers)
