"""The settings of the calendar that quotas, statements and promotions go by."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from persistence.setting_kinds import Zone


class CalendarSettings(BaseSettings):
    """A part of `Settings`."""

    calendar_zone: Zone = Field(
        "Asia/Shanghai",
        description="The time zone in which days, weeks and months begin: those of quotas that are set from "
        "now on, and those of statements. By its clock the days and hours of promotions are told, with "
        "summer time where it has that, and order numbers begin with its day.",
    )
