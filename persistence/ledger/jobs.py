"""Regular work on the ledger: rolling balances up, vesting margins, and comparing balances with entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from prometheus_client import Gauge

from domain.access.callers import SYSTEM
from domain.ledger.rolling_up import RollUpBalances
from domain.ledger.vesting import VestMargins
from persistence.jobs import Desk, timer
from persistence.ledger import check_sql
from persistence.ledger.check import Difference, Rewritten, differences, differences_since

VESTED_AT_ONCE = 200
"""Orders of one transaction: the deposits of funders that have to give stay locked as long as it takes."""

ROUNDS = 50
"""Batches of one tick; the next tick goes on."""

DIFFERENCES = Gauge(
    "quanyi_ledger_differences",
    "Balances that are not the sum of their entries; anything but 0 is an alarm.",
    multiprocess_mode="mostrecent",
)
REWRITTEN = Gauge(
    "quanyi_ledger_rewritten",
    "Accounts whose entries are not those that were checked, by the last whole check; not 0 is an alarm.",
    multiprocess_mode="mostrecent",
)


@timer("ledger.roll-up", "* * * * * *")
async def roll_up(_facts: dict[str, Any], desk: Desk) -> None:
    """Every second: what readers have to add up stays little, and changes of deposits are told."""
    await desk.perform(RollUpBalances(), SYSTEM)


@timer("ledger.vest", "* * * * * */10")
async def vest(_facts: dict[str, Any], desk: Desk) -> None:
    """Vest what is due, batch by batch."""
    for _ in range(ROUNDS):
        if await desk.perform(VestMargins(VESTED_AT_ONCE), SYSTEM) < VESTED_AT_ONCE:
            return


@timer("ledger.check", "* * * * *")
async def check(_facts: dict[str, Any], desk: Desk) -> None:
    """Every minute: what was written since the last time."""
    found = await differences_since(desk.database)
    DIFFERENCES.set(len(found))
    async with desk.database.connection() as connection:
        REWRITTEN.set(await check_sql.REMEMBERED.value(connection))
    _tell(found)


@timer("ledger.check-whole", "40 19 * * *")
async def check_whole(_facts: dict[str, Any], desk: Desk) -> None:
    """Every night in China: all entries, those that were checked before included; told by the minute."""
    found = await differences(desk.database)
    async with desk.database.connection() as connection:
        await check_sql.REMEMBER.run(connection, count=sum(isinstance(one, Rewritten) for one in found))
    _tell(found)


def _tell(found: Sequence[Difference]) -> None:
    for one in found:
        kind = "ledger.rewritten" if isinstance(one, Rewritten) else "ledger.difference"
        structlog.get_logger().error(kind, account=one.account, currency=one.currency)
