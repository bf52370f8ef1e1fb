"""Orders in the ledger: held when placed, divided when paid, given back when they end unpaid."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from benchmarks.recording import Recorder
from domain.access.callers import Caller
from domain.commands import Command
from domain.ledger.refusals import BalanceTooLow
from domain.orders.closing import CancelOrder
from persistence.ledger.balances import balances_of
from persistence.ledger.check import differences
from tests.orders.crowd import ORDERS, pay, place, together, transactions
from tests.orders.shop import Shop, line
from tests.promotions.campaigns import THRESHOLD, accept, create, order_of

FULL = 100_000_00
# TXV: list 25.00, cost 17.50; GD buys at 20.00 and SHOP at 22.50.


async def money(shop: Shop, channel: str) -> tuple[int, int, int, int]:
    """Deposit, held, pending, owed."""
    async with shop.database.connection() as connection:
        (one,) = (await balances_of(connection, [shop.channels[channel]]))[shop.channels[channel]]
    return one.deposit_minor, one.held_minor, one.pending_minor, one.owed_minor


async def headquarters(shop: Shop) -> dict[str, int]:
    rows = await shop.rows(
        "SELECT a.kind, sum(e.minor)::int AS minor FROM ledger_account a JOIN ledger_entry e"
        " ON e.account_id = a.id JOIN ledger_transfer t ON t.id = e.transfer_id"
        " WHERE a.channel_id IS NULL AND t.type <> 'OPENING' GROUP BY a.kind"
    )
    return {row["kind"]: row["minor"] for row in rows}


async def leave(shop: Shop, channel: str, minor: int) -> None:
    """Let a deposit have so much, whatever it had."""
    await shop.run(
        "WITH a AS (SELECT id FROM ledger_account WHERE channel_id = $1 AND kind = 'DEPOSIT'),"
        " d AS (DELETE FROM ledger_delta USING a WHERE account_id = a.id)"
        " UPDATE ledger_account SET balance_minor = $2 FROM a WHERE ledger_account.id = a.id",
        shop.channels[channel], minor,
    )  # fmt: skip


async def test_an_order_moves_money_at_every_level(shop: Shop) -> None:
    buyer = shop.agent()
    order = await shop.place(buyer, line("TXV", 2), line("FIGURE"))
    # 2 × 22.50 and a figure of 99.00 at 90 %.
    assert await money(shop, "SHOP") == (FULL - 13_410, 13_410, 0, 0)
    await shop.pay(buyer, order, "SHOP_COLLECTED")
    assert await money(shop, "SHOP") == (FULL - 13_410, 0, 0, 0)
    assert await money(shop, "GD") == (FULL, 0, 13_410 - 11_920, 0)
    assert await headquarters(shop) == {
        "REVENUE": 11_920, "COST_OF_GOODS": -8_500, "SUPPLIER_PREPAID": 8_500,
    }  # fmt: skip
    vests = await shop.value("SELECT v.vests_at - o.paid_at FROM ledger_vesting v, orders o")
    assert vests == timedelta(days=7)
    async with shop.database.connection():
        assert await differences(shop.database) == []


async def test_money_that_headquarters_took_is_the_sellers(shop: Shop) -> None:
    await shop.bought(shop.storefront(), line("TXV"))
    assert await money(shop, "SHOP") == (FULL - 2_250 + 2_500, 0, 0, 0)
    assert (await headquarters(shop))["PAYMENT_CLEARING"] == -2_500


async def test_a_discount_is_paid_by_its_funders(shop: Shop) -> None:
    made = await create(shop, "THRESHOLD", funding=(("GD", 6_000), ("HQ", 4_000)), **THRESHOLD)
    await accept(shop, made, "HQ")
    buyer = shop.storefront()
    order = await shop.perform(order_of(), buyer)
    assert order.total.minor == 9_000
    await shop.pay(buyer, order)
    # 4 × 25.00 less 10.00: each earns 10.00, GD and headquarters less what they pay.
    assert await money(shop, "SHOP") == (FULL + 1_000, 0, 0, 0)
    assert await money(shop, "GD") == (FULL, 0, 400, 0)
    assert await headquarters(shop) == {
        "PAYMENT_CLEARING": -9_000, "REVENUE": 8_000, "COST_OF_GOODS": -7_000, "SUPPLIER_PREPAID": 7_000,
        "PROMOTION_EXPENSE": -400,
    }  # fmt: skip


async def test_headquarters_sells_without_a_deposit(shop: Shop) -> None:
    await shop.bought(shop.storefront("HQ"), line("TXV"))
    assert await money(shop, "HQ") == (FULL, 0, 0, 0)
    assert await headquarters(shop) == {
        "PAYMENT_CLEARING": -2_500, "REVENUE": 2_500, "COST_OF_GOODS": -1_750, "SUPPLIER_PREPAID": 1_750,
    }  # fmt: skip


async def test_who_cannot_cover_an_order_does_not_get_it(shop: Shop) -> None:
    await leave(shop, "SHOP", 2_249)
    before = await shop.everything()
    with pytest.raises(BalanceTooLow):
        await shop.place(shop.storefront(), line("TXV"))
    assert await shop.everything() == before
    assert await money(shop, "SHOP") == (2_249, 0, 0, 0)


@pytest.mark.parametrize("ends", ["cancelled", "expired"])
async def test_an_order_that_ends_unpaid_gives_its_money_back(shop: Shop, ends: str) -> None:
    buyer = shop.agent()
    orders = [await shop.place(buyer, line("TXV")) for _ in range(2)]
    for order in orders:
        if ends == "cancelled":
            await shop.perform(CancelOrder(uuid4().hex, order.id), buyer)
        else:
            await shop.age(order, timedelta(minutes=16))
    if ends == "expired":
        assert await shop.expire() == 2
    assert await money(shop, "SHOP") == (FULL, 0, 0, 0)
    assert await headquarters(shop) == {}
    assert await differences(shop.database) == []


async def test_orders_that_share_a_transaction_share_the_deposit_in_their_order(shop: Shop) -> None:
    await leave(shop, "SHOP", 3 * 2_250 + 4_000)
    buyer = shop.agent()
    wanted = [place(), place(quantity=2), place(quantity=4), place(), place()]
    outcomes = await together(shop, shop.perform, [(one, buyer) for one in wanted])
    # The first goes alone; of the others each gets what those before it have left.
    assert [isinstance(one, BalanceTooLow) for one in outcomes] == [False, False, True, False, True]
    assert await transactions(shop) == [1, 2]
    assert await money(shop, "SHOP") == (3 * 2_250 + 4_000 - 4 * 2_250, 4 * 2_250, 0, 0)
    assert await shop.stock("TXV") == 6


async def test_what_an_order_that_is_not_covered_was_promised_goes_to_those_behind_it(shop: Shop) -> None:
    await leave(shop, "SHOP", 7 * 2_250)
    buyer = shop.agent()
    wanted = [place(quantity=6), place(quantity=4), place()]
    outcomes = await together(shop, shop.perform, [(one, buyer) for one in wanted])
    assert [isinstance(one, BalanceTooLow) for one in outcomes] == [False, True, False]
    assert await shop.stock("TXV") == 3


async def test_payments_that_share_a_transaction_are_all_written(shop: Shop) -> None:
    buyer = shop.agent()
    orders = [await shop.place(buyer, line("TXV")) for _ in range(4)]
    outcomes = await together(shop, shop.perform, [(pay(one), buyer) for one in orders], ORDERS)
    assert [one.order.status for one in outcomes] == ["FULFILLED"] * 4
    assert await money(shop, "GD") == (FULL, 0, 4 * 250, 0)
    assert await money(shop, "SHOP") == (FULL - 4 * 2_250, 0, 0, 0)
    assert await differences(shop.database) == []


async def test_an_order_from_before_the_ledger_is_paid_and_ended_like_any_other(shop: Shop) -> None:
    buyer = shop.agent()
    kept, gone = [await shop.place(buyer, line("TXV")) for _ in range(2)]
    await _forget(shop)
    await leave(shop, "SHOP", 1_000)
    await shop.perform(CancelOrder(uuid4().hex, gone.id), buyer)
    assert await money(shop, "SHOP") == (1_000, 0, 0, 0)
    await shop.pay(buyer, kept, "SHOP_COLLECTED")
    assert await money(shop, "SHOP") == (0, 0, 0, 1_250)
    assert await money(shop, "GD") == (FULL, 0, 250, 0)


async def test_money_costs_a_purchase_one_statement_of_its_own(shop: Shop) -> None:
    """The lock of the deposit: what is written goes with the events and the answer."""
    buyer = shop.agent()
    await shop.bought(buyer, line("TXV"))
    took: list[list[str]] = []
    order = await _recorded(shop, place(), buyer, took)
    await _recorded(shop, pay(order), buyer, took)
    assert [len(one) for one in took] == [9, 7]
    assert [sum("ledger_" in sql for sql in one) for one in took] == [2, 2]


async def _recorded(shop: Shop, command: Command, caller: Caller, took: list[list[str]]) -> Any:
    """Perform it, and add its statements to the list."""
    await shop.database.let_go()
    pool, recorder = shop.database.pool, Recorder(shop.database.pool)
    shop.database.pool = recorder  # type: ignore[assignment]
    try:
        answer = await shop.perform(command, caller)
    finally:
        await shop.database.let_go()
        shop.database.pool = pool
    took.append([call.sql for block in recorder.blocks for call in block.calls])
    return answer


async def test_an_account_that_a_payment_is_the_first_to_need_is_opened(shop: Shop) -> None:
    buyer = shop.agent()
    orders = [await shop.place(buyer, line("TXV")) for _ in range(3)]
    owner = await asyncpg.connect(shop.database.dsn)
    unused = "kind = 'PENDING' AND channel_id = $1"
    await owner.execute(f"DELETE FROM ledger_account WHERE {unused}", shop.channels["GD"])
    await owner.close()
    paid = await together(shop, shop.perform, [(pay(one), buyer) for one in orders], ORDERS)
    assert [one.order.status for one in paid] == ["FULFILLED"] * 3
    assert await money(shop, "GD") == (FULL, 0, 3 * 250, 0)
    assert await shop.value("SELECT count(*) FROM ledger_vesting") == 3
    assert await differences(shop.database) == []


async def _forget(shop: Shop) -> None:
    """Nothing of orders is in the ledger: as the owner of the tables, past its guards."""
    owner = await asyncpg.connect(shop.database.dsn)
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(
            "DELETE FROM ledger_entry WHERE transfer_id IN"
            " (SELECT id FROM ledger_transfer WHERE order_id IS NOT NULL)"
        )
        await owner.execute("DELETE FROM ledger_transfer WHERE order_id IS NOT NULL")
        await owner.execute("UPDATE ledger_account SET balance_minor = 0 WHERE kind <> 'DEPOSIT'")
        await owner.execute(
            "DELETE FROM ledger_delta d USING ledger_account a WHERE a.id = d.account_id"
            " AND a.kind <> 'DEPOSIT'"
        )
    await owner.close()
