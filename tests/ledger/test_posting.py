"""Posting to the database: once, balanced, within credit, and without queueing at headquarters."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any, cast

import asyncpg
import pytest

from domain.access.callers import SYSTEM
from domain.ids import new_id
from domain.ledger.accounts import REVENUE, SUPPLIER_PREPAID, AccountKind, deposit
from domain.ledger.cash import topped_up, withdrawal_held, withdrawal_released, withdrawn
from domain.ledger.refusals import BalanceTooLow
from domain.ledger.rolling_up import RollUpBalances
from domain.ledger.sales import Trade, paid, placed
from domain.ledger.transfers import Entry, Transfer, TransferType, Unbalanced, credit, debit
from persistence.database import Database
from persistence.jobs import Desk
from persistence.ledger import jobs, sql
from persistence.work import Work
from tests.ledger.bank import Bank


async def _sell(bank: Bank, work: Work, trade: Trade) -> None:
    await work.ledger.post(placed(trade), SYSTEM)
    await work.ledger.post(paid(trade, {}, work.now + timedelta(days=7), by_headquarters=False), SYSTEM)


async def test_a_sale_is_written_as_the_example_says(bank: Bank) -> None:
    await bank.open_deposit("S", 10_000)
    trade, shares = bank.trade(), {bank.channels["P"]: 600, None: 400}
    async with bank.working() as work:
        await work.ledger.post(placed(trade), SYSTEM)
    assert await bank.balance("S") == (700, 9_300, 0, 0)
    async with bank.working() as work:
        await work.ledger.post(paid(trade, shares, work.now, by_headquarters=False), SYSTEM)
    assert await bank.balance("S") == (1_700, 0, 0, 0)
    assert await bank.headquarters() == {
        "COST_OF_GOODS": -7_000, "PAYMENT_CLEARING": -10_000, "PROMOTION_EXPENSE": -400, "REVENUE": 8_000,
        "SUPPLIER_PREPAID": 7_000,
    }  # fmt: skip
    assert await bank.vest() == 1
    assert (await bank.balance("P"), await bank.balance("Q")) == ((200, 0, 0, 0), (500, 0, 0, 0))
    assert await bank.vest() == 0
    assert await bank.differences() == []


async def test_what_is_repeated_is_posted_once_even_at_the_same_time(bank: Bank) -> None:
    await bank.open_deposit("S", 10_000)
    trade = bank.trade()
    await asyncio.gather(*(bank.post(placed(trade)) for _ in range(8)))
    # By now the deposit would not cover it: a repetition is none the less no refusal.
    await bank.post(placed(trade))
    assert await bank.balance("S") == (700, 9_300, 0, 0)
    assert await bank.value("SELECT count(*) FROM ledger_entry") == 4
    assert await bank.differences() == []


async def test_no_deposit_falls_below_its_credit_whoever_asks_at_once(bank: Bank, dsn: str) -> None:
    await bank.open_deposit("S", 20_000, credit=10_000)
    others = [await Database.open(dsn, size=8) for _ in range(2)]

    async def buy(number: int) -> bool:
        try:
            await bank.post(placed(bank.trade()), [bank.database, *others][number % 3])
        except BalanceTooLow:
            return False
        return True

    bought = await asyncio.gather(*(buy(number) for number in range(48)))
    for database in others:
        await database.close()
    assert bought.count(True) == 3
    assert await bank.balance("S") == (20_000 - 3 * 9_300, 3 * 9_300, 0, 0)
    assert await bank.differences() == []


async def test_money_that_came_in_a_moment_ago_is_spent(bank: Bank) -> None:
    await bank.open_deposit("S", 5_000)
    await bank.post(topped_up(new_id(), bank.channels["S"], 4_299, "CNY"))
    with pytest.raises(BalanceTooLow):
        await bank.post(placed(bank.trade()))
    await bank.post(topped_up(new_id(), bank.channels["S"], 1, "CNY"))
    await bank.post(placed(bank.trade()))
    assert await bank.balance("S") == (0, 9_300, 0, 0)
    assert await bank.differences() == []


async def test_what_was_entered_is_there_for_what_follows_in_its_transaction(bank: Bank) -> None:
    await bank.open_deposit("S", 10_000)
    first, second = bank.trade(), bank.trade()
    async with bank.working() as work:
        await work.ledger.enter(await work.ledger.cover(placed(first)), SYSTEM)
        assert len(work.postings) == 1
        with pytest.raises(BalanceTooLow):
            await work.ledger.cover(placed(second))
        (balance,) = (await work.ledger.balances([bank.channels["S"]]))[bank.channels["S"]]
        assert (balance.deposit_minor, balance.held_minor) == (700, 9_300)
        paying = await work.ledger.cover(paid(first, {}, work.now, by_headquarters=False))
        await work.ledger.enter(paying, SYSTEM)
        pending = await work.ledger.pending_of(first.order_id)
        assert pending.by_channel == {bank.channels["P"]: 800, bank.channels["Q"]: 500}
        assert work.postings == []
    assert await bank.balance("S") == (700, 0, 0, 0)
    assert await bank.differences() == []


async def test_a_refusal_writes_nothing(bank: Bank) -> None:
    await bank.open_deposit("S", 9_299)
    before = await bank.value("SELECT count(*) FROM ledger_transfer")
    with pytest.raises(BalanceTooLow):
        await bank.post([*topped_up(new_id(), bank.channels["T"], 500, "CNY"), *placed(bank.trade())])
    assert await bank.value("SELECT count(*) FROM ledger_transfer") == before
    assert await bank.balance("S") == (9_299, 0, 0, 0)


async def test_only_own_money_is_withdrawn(bank: Bank) -> None:
    await bank.open_deposit("S", 1_000, credit=5_000)
    with pytest.raises(BalanceTooLow):
        await bank.post(withdrawal_held(new_id(), bank.channels["S"], 1_001, "CNY"))
    kept, gone = new_id(), new_id()
    for request, minor in ((kept, 400), (gone, 600)):
        await bank.post(withdrawal_held(request, bank.channels["S"], minor, "CNY"))
    assert await bank.balance("S") == (0, 1_000, 0, 0)
    await bank.post(withdrawal_released(kept, bank.channels["S"], 400, "CNY"))
    await bank.post(withdrawn(gone, bank.channels["S"], 600, "CNY"))
    assert await bank.balance("S") == (400, 0, 0, 0)
    assert (await bank.headquarters())["PAYMENT_CLEARING"] == -400


async def test_sales_do_not_queue_at_headquarters(bank: Bank) -> None:
    for shop in ("S", "T"):
        await bank.open_deposit(shop, 10_000)
    async with bank.working() as slow:
        await _sell(bank, slow, bank.trade("S"))
        async with asyncio.timeout(5), bank.working() as quick:
            await quick.connection.execute("SET LOCAL lock_timeout = '200ms'")
            await _sell(bank, quick, bank.trade("T"))
    assert await bank.balance("Q") == (0, 0, 1_000, 0)
    assert (await bank.headquarters())["REVENUE"] == 16_000


async def test_rolling_up_moves_no_balance(bank: Bank) -> None:
    await bank.open_deposit("S", 20_000)
    async with bank.working() as work:
        await _sell(bank, work, bank.trade())
    await bank.post(topped_up(new_id(), bank.channels["S"], 1, "CNY"))
    before = [await bank.balance(name) for name in "QS"]
    async with bank.working() as busy:
        await busy.ledger.cover(placed(bank.trade()))
        async with asyncio.timeout(5), bank.database.transaction() as connection:
            await sql.ROLL_UP.run(connection)
        left = await bank.value("SELECT count(*) FROM ledger_delta")
    assert left == 3, "the deposit that somebody is at waits: rolled up, taken from, topped up"
    await bank.value("DELETE FROM outbox")
    assert await bank.perform(RollUpBalances()) == 1
    (event,) = await bank.rows("SELECT kind, aggregate_id, channel_path, payload FROM outbox")
    assert (event["kind"], event["aggregate_id"]) == ("account.changed", bank.channels["S"])
    assert (event["channel_path"][-2], event["payload"]) == (bank.channels["Q"], {"currency": "CNY"})
    assert await bank.perform(RollUpBalances()) == 0
    assert await bank.value("SELECT count(*) FROM ledger_delta") == 0
    assert [await bank.balance(name) for name in "QS"] == before
    assert await bank.differences() == []


def test_a_transfer_that_does_not_balance_cannot_be_made() -> None:
    sides = (debit(REVENUE, 5), credit(SUPPLIER_PREPAID, 4))
    for entries in (sides, (debit(REVENUE, 5),), (Entry(REVENUE, 5, 5),), (Entry(REVENUE),)):
        with pytest.raises(Unbalanced):
            Transfer(TransferType.COST, new_id(), "CNY", entries)


async def test_the_database_refuses_what_does_not_balance_and_what_changes_the_past(
    bank: Bank, dsn: str
) -> None:
    await bank.open_deposit("S", 500)
    await bank.post(topped_up(new_id(), bank.channels["T"], 500, "USD"))
    at = {
        (row["kind"], row["currency"]): row["id"] for row in await bank.rows("SELECT * FROM ledger_account")
    }
    own, hold, clearing = (at[kind, "CNY"] for kind in ("DEPOSIT", "HOLD", "PAYMENT_CLEARING"))
    transfer = await bank.value("SELECT id FROM ledger_transfer WHERE currency = 'CNY'")
    add = "INSERT INTO ledger_entry VALUES "
    refused = (
        (f"{add} ({hold}, $1, 5)", transfer, "balance"),
        (f"{add} ({hold}, $1, 5), ({at['PAYMENT_CLEARING', 'USD']}, $1, -5)", transfer, "balance"),
        (f"{add} ({own}, $1, 5), ({clearing}, $1, -5)", new_id(), "balance"),
        (f"{add} (123456, $1, 5), ({clearing}, $1, -5)", new_id(), "balance"),
        ("UPDATE ledger_entry SET minor = 9 WHERE transfer_id = $1", transfer, "append-only"),
        ("DELETE FROM ledger_transfer WHERE id = $1", transfer, "append-only"),
    )
    owner = await asyncpg.connect(dsn)
    for statement, which, why in refused:
        with pytest.raises(asyncpg.PostgresError, match=why):
            await owner.execute(statement, which)
    with pytest.raises(asyncpg.CheckViolationError, match="within_credit"):
        await owner.execute("UPDATE ledger_account SET balance_minor = -1 WHERE id = $1", own)
    await owner.close()
    for statement in ("UPDATE ledger_entry SET minor = 9", "DELETE FROM ledger_entry",
                      "UPDATE ledger_transfer SET type = ''", "DELETE FROM ledger_account"):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await bank.rows(statement)


async def test_a_planted_difference_is_found(bank: Bank, dsn: str) -> None:
    await bank.open_deposit("S", 500)
    assert await bank.differences() == []
    await bank.rows(
        "UPDATE ledger_account SET balance_minor = balance_minor + 7 WHERE kind = 'DEPOSIT'"
        " AND channel_id = $1", bank.channels["S"]
    )  # fmt: skip
    (found,) = await bank.differences()
    assert str(found) == (f"DEPOSIT:{bank.channels['S']} CNY: the balance says 507, its entries sum to 500")
    await jobs.check({}, _desk(bank))
    assert jobs.DIFFERENCES._value.get() == 1


def test_the_check_is_a_program(dsn: str) -> None:
    """It names what differs, and ends with 1 where anything does."""
    said = {**os.environ, "DATABASE_URL": dsn}
    command = [sys.executable, "-m", "persistence.ledger.check"]
    run = subprocess.run(command, env=said, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "Every balance is the sum of its entries.\n"), run.stderr


def _desk(bank: Bank) -> Desk:
    nothing = cast(Any, None)
    return Desk(bank.database, nothing, nothing, nothing)


def test_accounts_say_whose_they_are() -> None:
    with pytest.raises(ValueError, match="account of a channel"):
        deposit(None)  # type: ignore[arg-type]
    assert REVENUE.kind is AccountKind.REVENUE
    assert REVENUE.channel_id is None
