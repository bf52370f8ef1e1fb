"""Whoever follows redemptions sees each exactly once, in every process, whatever is killed meanwhile."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from schema.ids import encode
from tests.promises.documents import PAY, PLACE, REDEEM, SIGN_IN
from tests.promises.followers import Follower, SocketFollower, StreamFollower
from tests.promises.invariants import assert_sound
from tests.promises.trade import OWNER, PASSWORD, Clients, Trade, clients_of

AT_ONCE = 6
CUTS = 20
LINE = 1_000
"""The most that one line may ask for."""
PATIENCE_S = 20.0
"""Far more than it takes; what it took is printed, and benchmarks say how long it may."""


async def sold(trade: Trade, clients: Clients, count: int) -> list[str]:
    """The secrets of so many cards that were bought."""
    secrets = await trade.stock_known("KEY", count)
    for start in range(0, count, LINE):
        lines = [{"sku": "KEY", "quantity": min(LINE, count - start)}]
        order = await clients.ask(PLACE, trade.shop, idempotencyKey=uuid4().hex, lines=lines)
        key: dict[str, Any] = {"orderId": order["id"], "idempotencyKey": uuid4().hex}
        assert (await clients.ask(PAY, trade.shop, method="SHOP_COLLECTED", **key))["status"] == "CAPTURED"
    return secrets


async def owner_of(clients: Clients) -> str:
    """The session of headquarters' owner."""
    session = await clients.ask(SIGN_IN, None, 0, email=OWNER, password=PASSWORD)
    return str(session["accessToken"])


async def redeem_all(clients: Clients, token: str, secrets: list[str]) -> None:
    """Redeem them in their order, a few at a time, each until it is answered."""
    waiting = list(reversed(secrets))

    async def redeem() -> None:
        while waiting:
            secret = waiting.pop()
            while True:
                try:
                    key = f"use-{secret}"
                    found = await clients.ask(REDEEM, token, secret=secret, idempotencyKey=key)
                except httpx2.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                assert found["card"]["status"] == "REDEEMED", found
                break

    await asyncio.gather(*(redeem() for _ in range(AT_ONCE)))


async def disturbed(trade: Trade, clients: Clients, secrets: list[str]) -> None:
    """Redeem a share of the cards for each server, which is killed in the middle of it and started again.

    At any time one of the servers leads the relay, so that the leader is among the killed.
    """
    share = len(secrets) // len(clients.servers)
    for number, server in enumerate(clients.servers):
        async with asyncio.TaskGroup() as group:
            part = secrets[number * share : (number + 1) * share]
            group.create_task(redeem_all(clients, trade.redeemer, part))
            while await trade.value("SELECT count(*) FROM redemption") < (number + 0.5) * share:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)


@pytest.mark.parametrize("count", [200, pytest.param(5_000, marks=pytest.mark.soak)])
async def test_a_follower_that_comes_back_sees_each_redemption_once(
    trade: Trade, valkey: str, tmp_path: Path, count: int
) -> None:
    await trade.add_product("KEY")
    async with trade.serving(tmp_path, 2, REDIS_URL=valkey) as servers, clients_of(servers) as clients:
        secrets = await sold(trade, clients, count)
        owner = await owner_of(clients)
        followers: list[Follower] = [
            kind(servers, owner, CUTS, count) for kind in (SocketFollower, StreamFollower)
        ]
        async with asyncio.timeout(60 + count / 10), asyncio.TaskGroup() as group:
            for follower in followers:
                group.create_task(follower.follow())
            group.create_task(disturbed(trade, clients, secrets))
        await assert_sound(trade.owner)
        expected = await redemptions(trade)
        assert len(expected) == count
        for follower in followers:
            assert follower.seen == expected
            assert follower.connections > CUTS


async def redemptions(trade: Trade) -> list[tuple[int, str]]:
    """Position and card of every redemption in the log."""
    rows = await trade.rows(
        """SELECT position, aggregate_id FROM event
            WHERE kind = 'card.status' AND payload->>'to' = 'REDEEMED' ORDER BY position"""
    )
    return [(row["position"], encode("crd", row["aggregate_id"])) for row in rows]


async def test_a_redemption_is_seen_in_every_process(trade: Trade, valkey: str, tmp_path: Path) -> None:
    await trade.add_product("KEY")
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(trade.serving(tmp_path, 3, REDIS_URL=valkey))
        clients = await stack.enter_async_context(clients_of(servers))
        secrets = await sold(trade, clients, 6)
        owner = await owner_of(clients)
        feeds = [
            kind([server], owner, 0, 0).events(server)
            for kind in (SocketFollower, StreamFollower)
            for server in servers
        ]
        for feed in feeds:
            stack.push_async_callback(feed.aclose)
        slowest_s = 0.0
        for number, secret in enumerate(secrets):
            listening = [asyncio.ensure_future(anext(feed)) for feed in feeds]
            began_s = time.monotonic()
            used = await clients.ask(
                REDEEM, trade.redeemer, number, secret=secret, idempotencyKey=f"use-{number}"
            )
            async with asyncio.timeout(PATIENCE_S):
                heard = await asyncio.gather(*listening)
            # The first one waits for the followers to connect.
            slowest_s = max(slowest_s, (time.monotonic() - began_s) * bool(number))
            assert {change["card"]["id"] for change in heard} == {used["card"]["id"]}
            await seen_by_query(clients, owner, used["card"]["id"])
    print(f"\nheard by 6 followers in 3 processes after at most {slowest_s * 1000:.0f} ms")


async def seen_by_query(clients: Clients, token: str, card: str) -> None:
    """Every process says so at once to whoever asks."""
    document = "query ($id: ID!) { card(id: $id) { status } }"
    answers: list[Any] = [
        (await clients.send(document, token, at, id=card)).json() for at in range(len(clients.servers))
    ]
    assert [answer["data"]["card"]["status"] for answer in answers] == ["REDEEMED"] * len(answers)
