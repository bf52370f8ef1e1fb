"""The settings of callers' budgets: how much each may ask for in a minute."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from persistence.setting_kinds import Count


class BudgetSettings(BaseSettings):
    """A part of `Settings`."""

    budgets: bool = Field(True, description="Whether callers have budgets of cost for each minute.")
    budget_storefront: Count = Field(20_000_000, description="Cost units a minute of one storefront token.")
    budget_customer: Count = Field(500_000, description="The same of one customer.")
    budget_agent: Count = Field(2_000_000, description="The same of one agent.")
    budget_api_client: Count = Field(10_000_000, description="The same of one API token.")
    budget_address: Count = Field(2_000_000, description="The same of an address without an own token.")
    budget_device: Count = Field(500_000, description="The same of its devices (`X-Device-Id`), each.")
