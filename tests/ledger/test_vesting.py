"""Vesting in the database: what is due, once, and never in the middle of a refund."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from domain.access.callers import SYSTEM
from domain.ids import new_id
from domain.ledger.cash import withdrawal_held
from domain.ledger.returns import Return, returned
from domain.ledger.sales import Trade, paid, placed
from tests.ledger.bank import Bank


async def _sold(bank: Bank, trade: Trade, days: int = 0) -> None:
    async with bank.working() as work:
        await work.ledger.post(placed(trade), SYSTEM)
        await work.ledger.post(
            paid(trade, {}, work.now + timedelta(days=days), by_headquarters=False), SYSTEM
        )


async def test_what_is_due_vests_once_whoever_does_it(bank: Bank) -> None:
    await bank.open_deposit("S", 30_000)
    await bank.open_deposit("T", 30_000)
    for seller, days in (("S", 0), ("T", 0), ("S", 0), ("T", 7)):
        await _sold(bank, bank.trade(seller), days)
    assert sorted(await asyncio.gather(*(bank.vest(2) for _ in range(3)))) == [0, 1, 2]
    assert await bank.balance("Q") == (1_500, 0, 500, 0)
    assert await bank.balance("P") == (2_400, 0, 800, 0)
    assert await bank.differences() == []


async def test_a_refund_stands_in_the_way_of_vesting(bank: Bank) -> None:
    await bank.open_deposit("S", 10_000)
    trade = bank.trade()
    await _sold(bank, trade)
    async with bank.working() as work:
        pending = await work.ledger.pending_of(trade.order_id)
        assert pending.by_channel == {bank.channels["P"]: 800, bank.channels["Q"]: 500}
        assert await bank.vest() == 0
        ret = Return(new_id(), trade, pending.vested, by_headquarters=False)
        await work.ledger.post(returned(ret, goods_back=True), SYSTEM)
    assert await bank.vest() == 1, "nothing is left of it, and it is settled"
    assert (await bank.balance("Q"), await bank.balance("S")) == ((0, 0, 0, 0), (10_000, 0, 0, 0))
    async with bank.working() as work:
        assert (await work.ledger.pending_of(trade.order_id)).vested
        assert not (await work.ledger.pending_of(new_id())).vested


async def test_what_an_agent_cannot_give_back_is_owed_and_paid_by_what_it_earns(bank: Bank) -> None:
    await bank.open_deposit("S", 30_000)
    first, second = bank.trade(), bank.trade()
    await _sold(bank, first)
    await bank.vest()
    await bank.post(withdrawal_held(new_id(), bank.channels["Q"], 400, "CNY"))
    await bank.post(returned(Return(new_id(), first, True, by_headquarters=False), goods_back=True))
    assert await bank.balance("Q") == (0, 400, 0, 400)
    assert await bank.balance("P") == (0, 0, 0, 0)
    await _sold(bank, second)
    assert await bank.vest() == 1
    assert await bank.balance("Q") == (100, 400, 0, 0)
    assert await bank.differences() == []


async def test_a_funder_gives_what_its_margin_did_not_cover(bank: Bank) -> None:
    await bank.open_deposit("S", 30_000)
    await bank.open_deposit("P", 100)
    trade = bank.trade()
    async with bank.working() as work:
        await work.ledger.post(placed(trade), SYSTEM)
        await work.ledger.post(paid(trade, {bank.channels["P"]: 1_000}, work.now, False), SYSTEM)
    assert await bank.balance("P") == (100, 0, -200, 0)
    await bank.vest()
    assert await bank.balance("P") == (0, 0, 0, 100)
    assert await bank.differences() == []
