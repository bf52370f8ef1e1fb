"""The settings of deposits and of what is earned, with the calendar that their statements go by."""

from __future__ import annotations

from pydantic import Field

from persistence.channels.calendar_settings import CalendarSettings
from persistence.setting_kinds import Count


class DepositSettings(CalendarSettings):
    """A part of `Settings`."""

    two_persons_above_minor: int = Field(
        1_000_000,
        ge=0,
        description="Minor units (fen) above which two persons at headquarters approve a top-up or a "
        "withdrawal; one does up to that.",
    )
    vesting_days: int = Field(
        7, ge=0, description="Days after payment on which agents may spend what a sale has earned them."
    )
    download_minutes: Count = Field(5, description="How long a link to a statement's file can be followed.")
