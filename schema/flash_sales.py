"""What the API shows of flash sales."""

from __future__ import annotations

from datetime import datetime

import strawberry

from domain.promotions import flash_sales
from domain.promotions.flash_sales import FlashSaleState
from schema.audiences import identified, open_to_all
from schema.changes import POSITION
from schema.money import Money
from schema.nouns import noun
from schema.words import described

described(
    FlashSaleState,
    "Where a flash sale stands, by the database's clock.",
    SCHEDULED="It begins later.",
    LIVE="It sells.",
    SOLD_OUT="Nothing is left for your channel; what is not paid in time is for sale again.",
    ENDED="It is over.",
)


@noun(flash_sales.FlashPrice, description="What a SKU costs in a flash sale.")
class FlashPrice:
    """A price."""

    sku: str = open_to_all("The SKU.")
    price: Money = open_to_all("The price of one; never below a floor above your channel.")


@noun(flash_sales.FlashSaleView, description="A few pieces at a special price for a short time (秒杀).")
class FlashSale:
    """A flash sale in your channel."""

    id: strawberry.ID = identified("prm", "The promotion's id.")
    name: str = open_to_all("What people call it.")
    state: FlashSaleState = open_to_all("Where it stands.")
    prices: list[FlashPrice] = open_to_all("What it sells, by SKU.")
    per_buyer: int = open_to_all("How many pieces one buyer may have.")
    stock: int = open_to_all("How many pieces your channel has: its slice, or what no slice reserves.")
    left: int = open_to_all("How many of these are left.")
    starts_at: datetime | None = open_to_all("When it begins; null for at once.")
    ends_at: datetime | None = open_to_all("When it ends; null for when it is sold out.")


@noun(flash_sales.FlashSaleChange, description="A flash sale moved on, or sold some.")
class FlashSaleChange:
    """What happened to a flash sale within about a second."""

    position: str = open_to_all(POSITION)
    at: datetime = open_to_all("When it was seen.")
    flash_sale: FlashSale = open_to_all("The sale as it is now.")
