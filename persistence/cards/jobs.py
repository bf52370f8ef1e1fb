"""Timers of cards: what is over expires, and leases that nobody settled go to a person."""

from __future__ import annotations

from typing import Any

from domain.access.callers import SYSTEM
from domain.cards.hold_card import ExpireCards
from domain.cards.redeem_card import ReportOverdueRedemptions
from persistence.jobs import Desk, timer

AT_ONCE = 500
"""Cards of one transaction."""


@timer("expire_cards", "* * * * *")
async def expire_cards(_facts: dict[str, Any], desk: Desk) -> None:
    """Every minute, in short transactions."""
    while await desk.perform(ExpireCards(AT_ONCE), SYSTEM) >= AT_ONCE:
        pass


@timer("report_overdue_redemptions", "* * * * *")
async def report_overdue_redemptions(_facts: dict[str, Any], desk: Desk) -> None:
    """Every minute."""
    while await desk.perform(ReportOverdueRedemptions(AT_ONCE), SYSTEM) >= AT_ONCE:
        pass
