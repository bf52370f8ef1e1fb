"""A key that is sent again and again, at the same moment, has one effect, and every answer is the same."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.promises.documents import PAY, PLACE, REDEEM
from tests.promises.invariants import assert_sound
from tests.promises.trade import Clients, Trade, clients_of

REPEATS = 10
AT_ONCE = 8
"""Keys at a time, each with all of its repeats."""
KEYS = [25, pytest.param(1_000, marks=pytest.mark.soak)]
Input = dict[str, Any]


async def repeated(clients: Clients, document: str, token: str, said: list[Input]) -> list[dict[str, Any]]:
    """Send each input ten times at once; one answer for each, after seeing that the repeats are the same."""
    room = asyncio.Semaphore(AT_ONCE)

    async def tell(one: Input) -> dict[str, Any]:
        async with room:
            answers = await asyncio.gather(*(clients.ask(document, token, **one) for _ in range(REPEATS)))
        assert all(answer == answers[0] for answer in answers), answers
        assert "code" not in answers[0], answers[0]
        return answers[0]

    return await asyncio.gather(*(tell(one) for one in said))


async def refused(clients: Clients, document: str, token: str, said: list[Input]) -> None:
    """The same keys with other bodies are refused, each."""
    answers = await asyncio.gather(*(clients.ask(document, token, **one) for one in said))
    assert {answer.get("code") for answer in answers} == {"IDEMPOTENCY_CONFLICT"}


@pytest.mark.parametrize("keys", KEYS)
async def test_each_key_has_one_effect_and_one_answer(
    trade: Trade, valkey: str, tmp_path: Path, keys: int
) -> None:
    await trade.add_product("KEY")
    secrets = await trade.stock_known("KEY", keys + 1)
    async with trade.serving(tmp_path, 2, REDIS_URL=valkey) as servers, clients_of(servers) as clients:
        orders = await place(trade, clients, keys)
        await pay(trade, clients, orders)
        await redeem(trade, clients, secrets)
    await assert_sound(trade.owner)


async def place(trade: Trade, clients: Clients, keys: int) -> list[str]:
    """One order for each key; the ids."""
    said = [{"idempotencyKey": f"o{n}", "lines": [{"sku": "KEY", "quantity": 1}]} for n in range(keys)]
    placed = await repeated(clients, PLACE, trade.shop, said)
    assert len({one["id"] for one in placed}) == keys
    await refused(
        clients, PLACE, trade.shop, [one | {"lines": [{"sku": "KEY", "quantity": 2}]} for one in said[:20]]
    )
    assert await trade.value("SELECT count(*) FROM orders") == keys
    assert await trade.states("KEY") == {"RESERVED": keys, "IN_STOCK": 1}
    return [one["id"] for one in placed]


async def pay(trade: Trade, clients: Clients, orders: list[str]) -> None:
    """One payment for each key."""
    said = [
        {"idempotencyKey": f"p{n}", "method": "SHOP_COLLECTED", "orderId": order}
        for n, order in enumerate(orders)
    ]
    paid = await repeated(clients, PAY, trade.shop, said)
    assert {(one["status"], one["order"]["status"]) for one in paid} == {("CAPTURED", "FULFILLED")}
    assert len({one["id"] for one in paid}) == len(orders)
    others = [one | {"orderId": orders[n - 1]} for n, one in enumerate(said[:20])]
    await refused(clients, PAY, trade.shop, others)
    # A key of another operation is another request too.
    await refused(clients, PAY, trade.shop, [said[0] | {"idempotencyKey": "o0"}])
    assert await trade.value("SELECT count(*) FROM payment") == len(orders)
    assert await trade.states("KEY") == {"DELIVERED": len(orders), "IN_STOCK": 1}


async def redeem(trade: Trade, clients: Clients, secrets: list[str]) -> None:
    """One redemption for each key."""
    sold, left = secrets[:-1], secrets[-1]
    said = [{"idempotencyKey": f"r{n}", "secret": secret} for n, secret in enumerate(sold)]
    redeemed = await repeated(clients, REDEEM, trade.redeemer, said)
    assert {one["card"]["status"] for one in redeemed} == {"REDEEMED"}
    assert len({one["id"] for one in redeemed}) == len({one["card"]["id"] for one in redeemed}) == len(sold)
    others = [one | {"secret": sold[n - 1]} for n, one in enumerate(said[:20])]
    others += [said[0] | {"secret": left}, said[1] | {"secret": "NEVER-ISSUED"}, said[2] | {"sku": "KEY"}]
    await refused(clients, REDEEM, trade.redeemer, others)
    assert await trade.value("SELECT count(*) FROM redemption") == len(sold)
    steps = "SELECT count(*) FROM card_event WHERE to_state = 'REDEEMED'"
    assert await trade.value(steps) == len(sold)
    assert await trade.states("KEY") == {"REDEEMED": len(sold), "IN_STOCK": 1}
