"""Hours and days of a promotion: those that a clock of the operator's calendar shows, summer time and all."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.money import Money
from domain.promotions.scope import Scope
from domain.promotions.scoping import WantedScope
from tests.orders.shop import Shop
from tests.promotions.campaigns import THRESHOLD, create, order_of, quoted
from tests.promotions.stories import occasion

NEW_YORK = ZoneInfo("America/New_York")
"""In 2026 its summer begins on Sunday, March 8, at 2:00, and ends on Sunday, November 1, at 2:00."""


def admitted(scope: Scope, *moments: str) -> list[bool]:
    """Whether a scope admits sales in New York at moments of UTC."""
    told = (datetime.fromisoformat(f"2026-{moment}").replace(tzinfo=UTC) for moment in moments)
    return [scope.admits(occasion(now=one.astimezone(NEW_YORK))) for one in told]


def test_office_hours_move_with_the_clock() -> None:
    office = Scope(from_minute=9 * 60, until_minute=17 * 60)
    winter = ("03-07 13:59", "03-07 14:00", "03-07 21:59", "03-07 22:00")
    assert admitted(office, *winter) == [False, True, True, False]
    summer = ("03-08 12:59", "03-08 13:00", "03-08 20:59", "03-08 21:00")
    assert admitted(office, *summer) == [False, True, True, False]


def test_days_are_as_long_as_the_clock_makes_them() -> None:
    sunday = Scope(days=frozenset({7}))
    # 23 hours in March, 25 in November.
    assert admitted(sunday, "03-08 04:59", "03-08 05:00", "03-09 03:59", "03-09 04:00") == [
        False, True, True, False,
    ]  # fmt: skip
    assert admitted(sunday, "11-01 03:59", "11-01 04:00", "11-02 04:59", "11-02 05:00") == [
        False, True, True, False,
    ]  # fmt: skip


def test_an_hour_that_is_skipped_and_one_that_comes_twice() -> None:
    after_two = Scope(from_minute=2 * 60, until_minute=3 * 60)
    assert admitted(after_two, "03-07 07:00", "03-08 06:59", "03-08 07:00") == [True, False, False]
    after_one = Scope(from_minute=60, until_minute=2 * 60)
    assert admitted(after_one, "11-01 05:30", "11-01 06:30", "11-01 07:00") == [True, True, False]
    # A night belongs to the day on which it began: from Saturday 22:00, here for nine hours.
    night = Scope(from_minute=22 * 60, until_minute=6 * 60, days=frozenset({6}))
    assert admitted(night, "11-01 01:59", "11-01 02:00", "11-01 10:59", "11-01 11:00") == [
        False, True, True, False,
    ]  # fmt: skip


async def test_hours_and_days_are_those_of_the_operators_calendar(shop: Shop) -> None:
    far = (await shop.value("SELECT now()")).astimezone(ZoneInfo("America/New_York"))
    begins = (far - timedelta(minutes=30)).hour * 60 + (far - timedelta(minutes=30)).minute
    hour = WantedScope(from_minute=begins, until_minute=(begins + 60) % 1_440 or 1_440)
    await create(shop, "THRESHOLD", scope=hour, **THRESHOLD)
    buyer, there = shop.storefront(), shop.with_settings(calendar_zone="America/New_York")
    assert [(await quoted(one, buyer)).discount for one in (shop, there)] == [Money(0), Money(1_000)]
    assert (await there.perform(order_of(), buyer)).discount == Money(1_000)
