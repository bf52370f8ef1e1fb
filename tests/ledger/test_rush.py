"""Several processes move money of the same channels at once, near the limits of their deposits."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from dataclasses import asdict

import pytest

from tests.ledger.bank import Bank
from tests.ledger.rush import SELLERS, Plan

OPENING, CREDIT = 30_000, 10_000
LIMITS = (
    "SELECT kind, channel_id, balance_minor, credit_minor FROM ledger_account WHERE channel_id IS NOT NULL"
)


async def started(bank: Bank, number: int, seconds: float) -> asyncio.subprocess.Process:
    channels = {name: str(id_) for name, id_ in bank.channels.items()}
    plan = Plan(bank.database.dsn, channels, seed=number, hands=4, seconds=seconds)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.ledger.rush", json.dumps(asdict(plan)),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def check(bank: Bank) -> None:
    """What holds whatever has happened."""
    assert await bank.differences_since() == await bank.differences() == []
    for row in await bank.rows(LIMITS):
        if row["kind"] == "DEPOSIT":
            assert row["balance_minor"] >= -row["credit_minor"]


@pytest.mark.parametrize(("processes", "seconds"), [(3, 1.2), pytest.param(4, 120.0, marks=pytest.mark.soak)])
async def test_processes_that_race_for_deposits_leave_books_that_are_right(
    bank: Bank, processes: int, seconds: float
) -> None:
    for seller in SELLERS:
        await bank.open_deposit(seller, OPENING, CREDIT)
    running = [await started(bank, number, seconds) for number in range(processes)]
    total: dict[str, Counter[str]] = {"sold": Counter(), "returned": Counter(), "cash": Counter()}
    refused = 0
    for process in running:
        said, problem = await process.communicate()
        assert process.returncode == 0, problem.decode()[-3_000:]
        done = json.loads(said)
        refused += done["refused"]
        for name, counted in total.items():
            counted.update(done[name])
    await check(bank)
    kept = total["sold"] - total["returned"]
    assert refused > 0, "nobody came near the limit"
    assert min(total["sold"].values(), default=0) > 3
    for seller in SELLERS:
        expected = OPENING + total["cash"][seller] - 9_300 * kept[seller]
        assert await bank.balance(seller) == (expected, 0, 0, 0)
    for name, margin in (("Q", 500), ("P", 800)):
        deposit, held, pending, owed = await bank.balance(name)
        assert (deposit + pending - owed, held) == (margin * kept.total(), 0)
    books = await bank.headquarters()
    assert books["REVENUE"] + books.get("SALES_RETURNS", 0) == 8_000 * kept.total()
    assert -books["COST_OF_GOODS"] == books["SUPPLIER_PREPAID"] == 7_000 * kept.total()
    assert -books["PAYMENT_CLEARING"] == 2 * OPENING + total["cash"].total()


async def test_a_process_that_is_killed_leaves_nothing_half_done(bank: Bank) -> None:
    for seller in SELLERS:
        await bank.open_deposit(seller, OPENING, CREDIT)
    process = await started(bank, 9, 30.0)
    async with asyncio.timeout(20):
        while await bank.value("SELECT count(*) FROM ledger_transfer") < 60:
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    async with asyncio.timeout(20):
        while await bank.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                               " AND state LIKE 'idle in transaction%'"):  # fmt: skip
            await asyncio.sleep(0.02)
    await bank.settle()
    await check(bank)
