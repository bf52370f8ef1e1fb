"""Promotions and coupons made in the shop of the tests of orders."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from domain.orders.place import PlaceOrder
from domain.orders.quote import AskQuote
from domain.orders.views import OrderView, Quote
from domain.promotions.answer_funding import AnswerFunding
from domain.promotions.coupon_batches import ExportCoupons, MakeCoupons
from domain.promotions.create_promotion import CreatePromotion
from domain.promotions.limits import Limits
from domain.promotions.scoping import WantedScope
from domain.promotions.views import PromotionView
from tests.orders.shop import ADDRESS, GUEST, Shop, line

THRESHOLD = {"reaches_minor": 10_000, "off_minor": 1_000}


async def create(shop: Shop, kind: str, channel: str = "GD", /, **more: Any) -> PromotionView:
    """A promotion of a channel; what its own fields do not know are settings of its kind."""
    own = (
        "funding",
        "scope",
        "priority",
        "exclusive",
        "stack_group",
        "starts_at",
        "ends_at",
        "limits",
        "name",
    )
    said = {name: more.pop(name) for name in own if name in more}
    said.setdefault("scope", WantedScope())
    said.setdefault("name", kind.title())
    made: PromotionView = await shop.perform(
        CreatePromotion(uuid4().hex, kind=kind, settings=more, **said), shop.agent(channel)
    )
    return made


async def accept(shop: Shop, promotion: PromotionView, channel: str, accept: bool = True) -> PromotionView:
    answered: PromotionView = await shop.perform(AnswerFunding(promotion.id, accept), shop.agent(channel))
    return answered


async def codes_of(shop: Shop, promotion: PromotionView, channel: str = "GD", /, **said: Any) -> list[str]:
    """The codes of a new batch of a promotion."""
    said.setdefault("quantity", 1)
    made = await shop.perform(MakeCoupons(uuid4().hex, promotion.id, **said), shop.agent(channel))
    export = await shop.perform(ExportCoupons(made.id), shop.agent(channel))
    assert isinstance(export.codes, list)
    return export.codes


def order_of(*lines: Any, **more: Any) -> PlaceOrder:
    more.setdefault("contact", GUEST)
    return PlaceOrder(uuid4().hex, lines or (line("TXV", 4),), shipping_address=ADDRESS, **more)


async def quoted(shop: Shop, caller: Any, *codes: str, lines: Any = None) -> Quote:
    quote: Quote = await shop.perform(AskQuote(lines or (line("TXV", 4),), codes), caller)
    return quote


async def used(shop: Shop) -> dict[str, int]:
    """What is counted, by the first word of its subject."""
    rows = await shop.rows("SELECT subject, used FROM promotion_use")
    found: dict[str, int] = {}
    for row in rows:
        name = row["subject"].partition(":")[0]
        found[name] = found.get(name, 0) + row["used"]
    return found


def limited(**said: Any) -> Limits:
    return Limits(**said)


async def margins(shop: Shop, order: OrderView) -> dict[str, int]:
    """What each channel on the path earns of an order."""
    found = {}
    for channel in ("SHOP", "GD", "HQ"):
        earned = await shop.reads.margins_of(shop.agent(channel), [order.id])
        found[channel] = earned[order.id].now.minor
    return found
