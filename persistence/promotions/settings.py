"""The settings of promotions."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from domain.promotions.spreading import SpreadMode


class PromotionSettings(BaseSettings):
    """A part of `Settings`."""

    discount_spread: SpreadMode = Field(
        SpreadMode.REMAINDER_LAST,
        description="Where the minor units go that are left when a discount is spread over lines in "
        "proportion: `REMAINDER_LAST`, `LARGEST_REMAINDER` or `REMAINDER_FIRST`.",
    )
