"""Periods of statements: a year, a month or a day of the operator's calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.refusals import BadRequest

_PERIOD = re.compile(r"(2\d{3})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A period as ISO 8601 writes it with as many digits as it needs: `2026`, `2026-11` or `2026-11-28`."""

    text: str
    first: date
    until: date
    """The day behind it."""

    @classmethod
    def of(cls, text: str) -> Period:
        """Read one; BadRequest for anything else."""
        found = _PERIOD.fullmatch(text)
        try:
            if found is None:
                raise ValueError
            year, month, day = int(found[1]), found[2], found[3]
            first = date(year, int(month or 1), int(day or 1))
        except ValueError:
            raise BadRequest("A period is a year, a month or a day, such as 2026-11.") from None
        if day:
            return cls(text, first, first + timedelta(days=1))
        if month:
            return cls(text, first, (first + timedelta(days=31)).replace(day=1))
        return cls(text, first, first.replace(year=year + 1))

    @classmethod
    def month_of(cls, moment: datetime, zone: str) -> Period:
        """The month that a moment is in."""
        return cls.of(moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m"))

    def within(self, zone: str) -> tuple[datetime, datetime]:
        """From when to when it lasts where `zone` keeps the time; the end is no part of it."""
        there = ZoneInfo(zone)
        starts, ends = (datetime.combine(day, time(), there) for day in (self.first, self.until))
        return starts, ends
