"""Processes are killed while orders are placed: what was acknowledged stays, and nothing stays half done."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests.promises.documents import CANCEL, PAY, PLACE
from tests.promises.invariants import assert_sound
from tests.promises.trade import Clients, Trade, clients_of
from tests.server_process import ServerProcess

BUYERS = 8
PARTS = ("ONE", "OTHER")
BASKETS = (("ONE", 1), ("OTHER", 3), ("PACK", 1), ("FIGURE", 1))
ADDRESS = {"recipient": "李雷", "phone": "13800138000", "province": "广东", "city": "深圳", "line": "1 号"}
PATIENCE_S = 60.0
HOLD = """SELECT FROM stock_level WHERE variant_id = (SELECT id FROM variant WHERE sku = $1) FOR UPDATE"""
WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
PAID, GIVEN_UP, UNPAID = "paid", "given up", "unpaid"


@dataclass
class Journal:
    """What the servers have acknowledged, and what was only attempted."""

    placed: dict[str, str] = field(default_factory=dict)
    """externalId → order id."""
    ended: dict[str, str] = field(default_factory=dict)
    """externalId → what was done with the order, acknowledged."""
    attempted: list[str] = field(default_factory=list)
    allowed: int = 0
    """So many orders may be begun: buyers are faster than processes are replaced."""
    cut: int = 0
    """Requests that a process took, and was killed before it answered."""
    turned_away: int = 0
    """Requests that met no process."""


async def insist(
    clients: Clients, journal: Journal, document: str, token: str, **said: Any
) -> dict[str, Any]:
    """Send a request until it is answered, as a careful client does: always the same key."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                async with asyncio.timeout(5):
                    return await clients.ask(document, token, **said)
            except httpx2.ConnectError:
                journal.turned_away += 1
            except (httpx2.TransportError, TimeoutError):
                journal.cut += 1
            await asyncio.sleep(0.05)


async def buyer(trade: Trade, clients: Clients, journal: Journal, turns: list[int]) -> None:
    """Takes turns until there are none; of four orders two are paid, one is given up, one is forgotten."""
    while turns:
        if len(journal.attempted) >= journal.allowed:
            await asyncio.sleep(0.01)
            continue
        name = f"order-{turns.pop()}"
        chance = random.Random(name)
        sku, quantity = chance.choice(BASKETS)
        journal.attempted.append(name)
        said: dict[str, Any] = {"externalId": name, "lines": [{"sku": sku, "quantity": quantity}]}
        if sku == "FIGURE":
            said["shippingAddress"] = ADDRESS
        order = await insist(clients, journal, PLACE, trade.shop, idempotencyKey=f"{name}-place", **said)
        assert order["__typename"] == "Order", order
        journal.placed[name] = order["number"]
        key = {"orderId": order["id"], "idempotencyKey": f"{name}-end"}
        fate = chance.choice((PAID, PAID, GIVEN_UP, UNPAID))
        if fate is PAID:
            answer = await insist(clients, journal, PAY, trade.shop, method="SHOP_COLLECTED", **key)
            assert answer["status"] == "CAPTURED", answer
        elif fate is GIVEN_UP:
            answer = await insist(clients, journal, CANCEL, trade.shop, **key)
            assert answer["status"] == "CANCELLED", answer
        journal.ended[name] = fate


async def killer(trade: Trade, server: ServerProcess, journal: Journal, at: list[int], orders: int) -> None:
    """Kill at each of these numbers of orders: a worker in turn, and the last time the whole server."""
    for number in at:
        workers = await workers_of(server)
        journal.allowed = number + 2 * BUYERS if number < at[-1] else orders
        while len(journal.ended) < number:
            await asyncio.sleep(0.005)
        if number == at[-1]:
            await kill_amid_transactions(trade, server)
            async with asyncio.timeout(PATIENCE_S):  # whoever was cut comes again, and meets nobody
                while not journal.turned_away and len(journal.ended) < orders:
                    await asyncio.sleep(0.005)
            await asyncio.to_thread(server.start)
        else:
            killed = random.choice(workers)
            killed.kill()
            # Gone, so that it is not taken for one that serves when the next is chosen.
            await asyncio.to_thread(killed.wait, PATIENCE_S)


async def kill_amid_transactions(trade: Trade, server: ServerProcess) -> None:
    """Hold the stock that half of the orders take from, and kill once one waits for it in its transaction."""
    family = server.family()
    async with trade.owner.transaction():
        await trade.owner.execute(HOLD, PARTS[0])
        async with asyncio.timeout(PATIENCE_S):
            while not await trade.value(WAITING):
                await asyncio.sleep(0.005)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(psutil.wait_procs, family, PATIENCE_S)


async def workers_of(server: ServerProcess) -> list[psutil.Process]:
    """The processes that serve, once there are two of them."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = [one for one in server.process.children() if one.status() != psutil.STATUS_ZOMBIE]
            if len(found) == 2:
                return found
            await asyncio.sleep(0.02)


async def check_acknowledged(trade: Trade, journal: Journal) -> None:
    """Every acknowledged order is there, once, and stands where its client was told that it does."""
    rows = await trade.rows("SELECT external_id, number, status FROM orders")
    found = {row["external_id"]: row for row in rows}
    assert set(found) == set(journal.placed) == set(journal.attempted)
    assert {name: row["number"] for name, row in found.items()} == journal.placed
    paid = await trade.value("SELECT count(*) FROM payment")
    assert paid == list(journal.ended.values()).count(PAID)
    allowed = {PAID: ("FULFILLED", "PAID"), GIVEN_UP: ("CANCELLED",), UNPAID: ("AWAITING_PAYMENT", "EXPIRED")}
    for name, fate in journal.ended.items():
        assert found[name]["status"] in allowed[fate], (name, fate)


async def check_expiry(trade: Trade, journal: Journal, wait_s: float) -> None:
    """What was reserved and never paid comes back, by the timer of the processes that run."""
    async with asyncio.timeout(wait_s):
        while await trade.value("SELECT EXISTS (SELECT FROM orders WHERE status = 'AWAITING_PAYMENT')"):
            await asyncio.sleep(0.1)
    unpaid = list(journal.ended.values()).count(UNPAID)
    assert await trade.value("SELECT count(*) FROM orders WHERE status = 'EXPIRED'") == unpaid
    for sku in PARTS:
        states = await trade.states(sku)
        assert set(states) == {"IN_STOCK", "DELIVERED"}
        assert states["IN_STOCK"] == await trade.available(sku)
    figures = (
        "SELECT coalesce(sum(quantity), 0) FROM fulfilment WHERE sku = 'FIGURE' AND status <> 'CANCELLED'"
    )
    assert await trade.available("FIGURE") + await trade.value(figures) == 1_000


async def furnish(trade: Trade) -> None:
    for sku in PARTS:
        await trade.add_product(sku)
        await trade.stock(sku, 3_000)
    await trade.add_product("PACK", "BUNDLE", ONE=1, OTHER=2)
    await trade.add_product("FIGURE", "PHYSICAL")
    await trade.count("FIGURE", 1_000)


@pytest.mark.parametrize(("orders", "kills"), [(120, 3), pytest.param(2_000, 25, marks=pytest.mark.soak)])
async def test_nothing_acknowledged_is_lost_and_nothing_stays_half_done(
    trade: Trade, valkey: str, tmp_path: Path, orders: int, kills: int
) -> None:
    await furnish(trade)
    journal, turns = Journal(), list(range(orders))
    # The last time when a third is still to be placed, so that every buyer meets a server that is not there.
    at = [round(0.7 * orders * number / kills) for number in range(1, kills + 1)]
    shared = {"REDIS_URL": valkey, "QUANYI_RESERVATION_MINUTES": "1"}
    async with trade.serving(tmp_path, 1, 2, **shared) as (server,), clients_of([server]) as clients:
        async with asyncio.TaskGroup() as group:
            group.create_task(killer(trade, server, journal, at, orders))
            for _ in range(BUYERS):
                group.create_task(buyer(trade, clients, journal, turns))
        assert len(journal.ended) == orders
        assert journal.cut > 0
        assert journal.turned_away > 0
        await assert_sound(trade.owner)
        await check_acknowledged(trade, journal)
        # The suite does not wait for the minute.
        await trade.owner.execute("UPDATE orders SET expires_at = expires_at - interval '1 minute'")
        await check_expiry(trade, journal, wait_s=40)
        await assert_sound(trade.owner)
    print(f"\n{orders} orders, killed at {at}: {journal.cut} requests cut, {journal.turned_away} turned away")
