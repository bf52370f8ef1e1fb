"""The check by the minute reads what is new, and the whole one finds what was changed behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import pytest

from domain.access.callers import SYSTEM
from domain.ids import new_id
from domain.ledger.cash import topped_up
from domain.ledger.rolling_up import RollUpBalances
from domain.ledger.sales import paid, placed
from domain.ledger.transfers import Transfer
from persistence.jobs import Desk
from persistence.ledger import check_sql, jobs
from persistence.ledger.check import Rewritten, begin_again
from tests.ledger.bank import Bank

SUMMED = "SELECT coalesce(sum(entries), 0)::int FROM ledger_checkpoint_sum"
DEPOSIT = "(SELECT id FROM ledger_account WHERE channel_id = $1 AND kind = 'DEPOSIT')"


async def tampered(bank: Bank, statement: str, *values: Any) -> None:
    """As somebody would who owns the tables: past triggers and rights."""
    owner = await asyncpg.connect(bank.database.dsn)
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(statement, *values)
    await owner.close()


def top_up(bank: Bank, minor: int, name: str = "S") -> list[Transfer]:
    return topped_up(new_id(), bank.channels[name], minor, "CNY")


async def test_who_commits_late_is_neither_lost_nor_counted_twice(bank: Bank) -> None:
    """A transaction that has its number before others and commits after they were checked."""
    await bank.open_deposit("S", 10_000)
    await bank.settle()
    async with bank.working() as slow:
        await slow.ledger.post(top_up(bank, 1), SYSTEM)
        await bank.post(top_up(bank, 20, "T"))
        for _ in range(2):
            assert await bank.differences_since() == []
        assert await bank.value(SUMMED) == 2, "what the slow one may still belong before waits"
        assert await bank.differences() == []
    await bank.post(top_up(bank, 300))
    await bank.settle()
    assert await bank.value(SUMMED) == await bank.value("SELECT count(*)::int FROM ledger_entry") == 8
    assert await bank.differences() == []


async def test_checks_may_run_at_once_and_beside_sales(bank: Bank) -> None:
    await bank.open_deposit("S", 1_000_000)

    async def sell() -> None:
        for _ in range(8):
            async with bank.working() as work:
                trade = bank.trade()
                await work.ledger.post(placed(trade), SYSTEM)
                await work.ledger.post(paid(trade, {}, work.now, by_headquarters=False), SYSTEM)

    async def check() -> Sequence[Any]:
        return [one for _ in range(6) for one in await bank.differences_since()]

    found = await asyncio.gather(sell(), sell(), sell(), check(), check())
    assert found == [None, None, None, [], []]
    await bank.settle()
    assert await bank.differences() == []
    assert await bank.value(SUMMED) == await bank.value("SELECT count(*)::int FROM ledger_entry") == 194


async def test_a_fault_in_what_is_new_is_found_by_the_minute(bank: Bank) -> None:
    await bank.open_deposit("S", 10_000)
    await bank.settle()
    await bank.post(top_up(bank, 500))
    await tampered(bank, f"UPDATE ledger_entry SET minor = 501 WHERE minor = 500 AND account_id = {DEPOSIT}",
                   bank.channels["S"])  # fmt: skip
    assert [str(one) for one in await bank.differences_since()] == [
        f"DEPOSIT:{bank.channels['S']} CNY: the balance says 10500, its entries sum to 10501",
        "EVERYTHING CNY: the balance says 0, its entries sum to 1",
    ]
    assert len(await bank.differences_since()) == 2, "it is told until it is mended"
    await tampered(bank, f"UPDATE ledger_account SET balance_minor = 501 WHERE id = {DEPOSIT}",
                   bank.channels["T"])  # fmt: skip
    assert len(await bank.differences_since()) == 3


FAULTS = {
    "two entries of one account that make the same sum": (
        "UPDATE ledger_entry SET minor = CASE minor WHEN 10000 THEN 9999 WHEN 40 THEN 41 END"
        f" WHERE account_id = {DEPOSIT} AND minor IN (10000, 40)"
    ),
    "one that is moved to another account, with the balances": (
        "WITH a AS (SELECT min(id) FILTER (WHERE channel_id = $1) AS own,"
        "                  min(id) FILTER (WHERE channel_id <> $1) AS other FROM ledger_account"
        "            WHERE kind = 'DEPOSIT' AND currency = 'CNY'),"
        " m AS (UPDATE ledger_entry SET account_id = a.other FROM a"
        "        WHERE account_id = a.own AND minor = 40 RETURNING 1)"
        " UPDATE ledger_account SET balance_minor = balance_minor + CASE id WHEN a.own THEN -40 ELSE 40 END"
        "   FROM a WHERE id IN (a.own, a.other)"
    ),
    "a transfer that is gone, with its entries and what they made": (
        f"WITH g AS (DELETE FROM ledger_entry WHERE transfer_id IN (SELECT transfer_id FROM ledger_entry"
        f"             WHERE minor = 40 AND account_id = {DEPOSIT}) RETURNING account_id, minor)"
        " UPDATE ledger_account a SET balance_minor = balance_minor - g.minor FROM g"
        "  WHERE a.id = g.account_id"
    ),
    "one that is said to be of another day": (
        "UPDATE ledger_transfer SET posted_at = posted_at - interval '1 day' WHERE type = 'TOP_UP'"
        " AND $1::uuid IS NOT NULL"
    ),
    "one that is said to be for another order": (
        "UPDATE ledger_transfer SET order_id = $1 WHERE type = 'TOP_UP'"
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_was_changed_after_it_was_checked_is_found_by_the_whole_check(
    bank: Bank, fault: str
) -> None:
    await bank.open_deposit("S", 10_000)
    await bank.post(top_up(bank, 40))
    await bank.perform(RollUpBalances())
    await bank.settle()
    assert await bank.differences() == []
    await tampered(bank, FAULTS[fault], bank.channels["S"])
    found = await bank.differences()
    assert any(isinstance(one, Rewritten) for one in found), fault
    await jobs.check_whole({}, _desk(bank))
    jobs.REWRITTEN.set(0)
    await jobs.check({}, _desk(bank))
    assert jobs.REWRITTEN._value.get() >= 1, "it is an alarm until the next whole check finds it mended"
    await bank.post(top_up(bank, 1))
    await bank.differences_since()
    assert any(isinstance(one, Rewritten) for one in await bank.differences()), "nothing hides it afterwards"


async def test_what_was_mended_is_taken_for_right_when_a_person_says_so(bank: Bank) -> None:
    await bank.open_deposit("S", 10_000)
    await bank.settle()
    await tampered(bank, "UPDATE ledger_transfer SET request_id = 'x' WHERE $1::text = 'x'", "x")
    (found,) = await bank.differences()
    assert str(found) == "TRANSFERS : 1 rows with 0 were checked, and 1 with 0 are there, of other contents"
    await begin_again(bank.database)
    assert await bank.differences() == []
    await bank.settle()
    assert await bank.value(SUMMED) == 2


async def test_numbers_of_another_cluster_are_forgotten(bank: Bank) -> None:
    """A dump that was restored elsewhere says numbers that come in a hundred years."""
    await bank.open_deposit("S", 10_000)
    await bank.settle()
    for column in ("below", "mark"):
        await bank.rows(f"UPDATE ledger_checkpoint SET {column} = 1000000000000")
        await bank.post(top_up(bank, 40))
        await bank.settle()
        assert await bank.differences() == []
        assert await bank.value(SUMMED) == await bank.value("SELECT count(*)::int FROM ledger_entry")
    assert await bank.value("SELECT settled_at > now() - interval '1 minute' FROM ledger_checkpoint")


async def test_the_application_cannot_say_when_something_was_posted(bank: Bank) -> None:
    for statement in (
        "INSERT INTO ledger_entry (account_id, transfer_id, minor, xid) VALUES (1, $1, 1, 1)",
        (
            "INSERT INTO ledger_transfer (id, type, business_id, currency, by_kind, posted_at)"
            " VALUES ($1, '', $1, '', '', now())"
        ),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await bank.rows(statement, new_id())


async def test_nothing_comes_behind_what_is_settled(bank: Bank) -> None:
    """A transaction that was at work when the clock passed the mark posts before it, or the mark waits."""
    await bank.settle()
    settled = "SELECT settled_at FROM ledger_checkpoint"
    began = datetime.now(UTC)
    async with bank.working() as slow:
        await slow.ledger.post(top_up(bank, 1), SYSTEM)
        for _ in range(3):
            await bank.differences_since()
        assert await bank.value(settled) < began + timedelta(seconds=1)
        before = await bank.value(settled)
        await bank.differences_since()
        assert await bank.value(settled) == before, "what the slow one has posted is not there yet"
    await bank.settle()
    posted = await bank.value("SELECT max(posted_at) FROM ledger_transfer")
    assert await bank.value(settled) > posted > before


async def test_a_transaction_that_began_earlier_posts_when_it_posts(bank: Bank) -> None:
    """Its beginning says nothing: a mark may be settled between that and its first change."""
    async with bank.working() as early:
        await bank.settle()
        settled = await bank.value("SELECT settled_at FROM ledger_checkpoint")
        assert early.now < settled
        await early.ledger.post(top_up(bank, 1), SYSTEM)
    assert await bank.value("SELECT max(posted_at) FROM ledger_transfer") > settled


async def test_new_entries_are_found_without_reading_the_old(bank: Bank) -> None:
    await bank.open_deposit("S", 10_000)
    plan = await bank.value(f"EXPLAIN (FORMAT JSON) {check_sql.SINCE.sql}".replace("$1", "1"))
    assert "ledger_entry" in str(plan)
    rows = await bank.rows("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'ix_ledger_%_xid'")
    assert len(rows) == 2
    assert all("USING brin" in row["indexdef"] for row in rows)


def _desk(bank: Bank) -> Desk:
    nothing = cast(Any, None)
    return Desk(bank.database, nothing, nothing, nothing)
