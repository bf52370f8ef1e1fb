"""The settings of deposits, with those of the calendar that their statements go by."""

from __future__ import annotations

from pydantic import Field

from persistence.channels.calendar_settings import CalendarSettings


class DepositSettings(CalendarSettings):
    """A part of `Settings`."""

    two_persons_above_minor: int = Field(
        1_000_000,
        ge=0,
        description="Minor units (fen) above which two persons at headquarters approve a top-up or a "
        "withdrawal; one does up to that.",
    )
