"""What the API shows of quotas, and what it asks of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.channels import quotas
from domain.channels.ports import QuotaFilter
from domain.channels.quotas import QuotaPeriod
from schema.audiences import asked, identified, open_to_all
from schema.nouns import Node, noun
from schema.words import described

if TYPE_CHECKING:
    from schema.channels import Channel

described(
    QuotaPeriod,
    "How often a quota begins anew, by the calendar of the operator's time zone.",
    DAY="Every midnight.",
    WEEK="Every Monday.",
    MONTH="Every first of a month.",
    TOTAL="Never.",
)


@noun(
    quotas.SalesQuotaView,
    prefix="slq",
    description="What a channel and those below it may sell of a SKU in a period (库存配额).",
)
class SalesQuota(Node):
    """Of one channel, SKU and period."""

    id: strawberry.ID = identified(
        "slq", "The opaque id; a quota that is set after another ended has a new one."
    )
    sku: str = open_to_all("What it is of.")
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all("Whose it is.")
    period: QuotaPeriod = open_to_all("How often it begins anew.")
    quantity: int = open_to_all("How many may be sold in each period.")
    handed_on: int = open_to_all(
        "The part of it that quotas of channels below it hold, which is theirs alone."
    )
    used: int = open_to_all("How many were sold or reserved in the current period.")
    left: int = open_to_all("How many this quota still allows until the period ends.")
    starts_at: datetime = open_to_all(
        "Since when it counts: the beginning of the current period, or the moment when it was set."
    )
    ends_at: datetime | None = open_to_all("When it begins anew; null for TOTAL.")


@strawberry.input(description="Which quotas; every condition that is given must hold.")
class QuotasFilter:
    """Of the lists of quotas."""

    channel: str | None = asked("Only those of this channel (its code) and of all below it.", default=None)
    sku: str | None = asked("Only those of this SKU.", default=None)
    period: QuotaPeriod | None = asked("Only sales quotas of this period.", default=None)

    def wanted(self) -> QuotaFilter:
        """As the domain says it."""
        return QuotaFilter(self.channel, self.sku, self.period)


@strawberry.input(description="What a child and all below it may sell.")
class SetSalesQuotaInput:
    """Of setSalesQuota."""

    channel: str = asked("The code of a channel right below yours.")
    sku: str = asked("What the quota is of.")
    period: QuotaPeriod = asked("How often it begins anew.")
    quantity: int = asked("How many in each period; 0 sells none.")


@strawberry.input(description="Which quota to end.")
class EndSalesQuotaInput:
    """Of endSalesQuota."""

    channel: str = asked("The code of a channel below yours.")
    sku: str = asked("What the quota is of.")
    period: QuotaPeriod = asked("The quota's period.")


@strawberry.input(description="What to take back of a child's allocation.")
class RecallStockInput:
    """Of recallStock."""

    channel: str = asked("The code of a channel right below yours.")
    sku: str = asked("What to take back.")
    quantity: int | None = asked("How many; everything that is free if left out.", default=None)
    idempotency_key: str = asked("The same key takes nothing back twice.")
