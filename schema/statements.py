"""What the API shows of statements."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.ledger.accounts import AccountKind
from domain.ledger.statements import views
from domain.ledger.statements.views import StatementFormat
from domain.ledger.transfers import TransferType
from schema.audiences import open_to_all
from schema.money import Money
from schema.nouns import noun
from schema.paging import Connection
from schema.words import described

if TYPE_CHECKING:
    from schema.channels import Channel
    from schema.orders import Order

described(
    AccountKind,
    "An account of a channel.",
    name="ChannelAccountKind",
    DEPOSIT="What it can buy for (预存款).",
    HOLD="What is set aside for orders that are not paid yet, and for withdrawals.",
    PENDING="What it has earned and cannot spend yet.",
    RECEIVABLE="What it owes, below zero.",
)
described(
    TransferType,
    "Why money moved.",
    name="StatementEntryType",
    OPENING="What the account started with.",
    HOLD="Held for an order until it is paid.",
    RELEASE="Given back, for the order was not paid.",
    COLLECTED="The buyer's money, taken by headquarters.",
    SALE="A sale was paid.",
    COST="What a sale cost headquarters.",
    PROMOTION="A share of a discount.",
    VEST="Earnings that became free.",
    REFUND="A sale was taken back.",
    PROMOTION_BACK="A share of a discount was given back.",
    MONEY_BACK="The buyer got the money back from headquarters.",
    COST_BACK="What a sale had cost headquarters.",
    LOSS="Goods that were paid back and did not come back.",
    TOP_UP="A top-up.",
    WITHDRAWAL_HOLD="Set aside for a withdrawal.",
    WITHDRAWAL_RELEASE="Given back, for the withdrawal was not paid out.",
    WITHDRAWAL="A withdrawal was paid out.",
    ADJUSTMENT="A correction by a person.",
)
described(
    StatementFormat,
    "How a statement is written to a file.",
    CSV="Comma separated, UTF-8 with a byte order mark, as Excel expects it.",
    XLSX="A workbook.",
)


@noun(views.DownloadView, description="Where a file can be fetched.")
class StatementDownload:
    """A link."""

    url: str = open_to_all(
        "Relative to the API's address. Whoever has it can fetch the file, without a token: do not share it."
    )
    expires_at: datetime = open_to_all("Until when it can be followed.")


@noun(views.StatementEntryView, description="What one movement of money added to an account.")
class StatementEntry:
    """An entry."""

    at: datetime = open_to_all("When it was booked.")
    type: TransferType = open_to_all("Why.")
    description: str = open_to_all("The same in words, with the bank's reference of a top-up, say.")
    order_number: str | None = open_to_all("The number of the order that it is about.")
    order: Annotated[Order, strawberry.lazy("schema.orders")] | None = open_to_all(
        "That order; null where you may not see it."
    )
    amount: Money = open_to_all("What came in; below zero it went out.")
    balance: Money = open_to_all("What was on the account after it.")


@noun(views.StatementView, description="An account of a channel in a period (对账单).")
class Statement:
    """Opening and all entries make the closing balance."""

    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all("Whose it is.")
    account: AccountKind = open_to_all("Which of its accounts.")
    starts_at: datetime = open_to_all("The beginning of the period.")
    ends_at: datetime = open_to_all("Its end, which is no part of it.")
    opening: Money = open_to_all("What was on the account at the beginning.")
    came_in: Money = open_to_all("All that came in.")
    went_out: Money = open_to_all("All that went out.")
    closing: Money = open_to_all("What was on it at the end, or is now.")
    final: bool = open_to_all(
        "Whether it will never change: the period is over, and all that was booked in it is here. Usually it "
        "is a minute or two after the end of the period."
    )
    entries: Connection[StatementEntry] = open_to_all("What happened between, the oldest first.")
    download: StatementDownload = open_to_all("The whole statement as a file.")
