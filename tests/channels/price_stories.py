"""Rules, goods and paths in a few words, for the tests of price resolution."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from domain.channels.pricing import Resolution, resolve
from domain.channels.rules import (
    FloorAction,
    Goods,
    Place,
    PriceBase,
    PriceRule,
    RuleBook,
    RuleKind,
    RuleMode,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HQ, PROVINCE, CITY, SHOP = (
    Place(uuid4(), tier, code=tier.lower()) for tier in ("HEADQUARTERS", "PROVINCE", "CITY", "SHOP")
)
PATH = [HQ, PROVINCE, CITY, SHOP]
VIDEO, MUSIC = uuid4(), uuid4()


def goods(list_minor: int = 100_00, cost: int | None = 70_00, **said: Any) -> Goods:
    """A variant of its own product in the category VIDEO."""
    return Goods(uuid4(), uuid4(), said.pop("category", VIDEO), "SKU", list_minor, cost, **said)


def rule(
    setter: Place,
    value: int,
    mode: RuleMode = RuleMode.PERCENT,
    kind: RuleKind = RuleKind.PURCHASE,
    **said: Any,
) -> PriceRule:
    """A rule of the list price unless said otherwise; percentages are given in whole percent."""
    value = value * 100 if mode in (RuleMode.PERCENT, RuleMode.MARKUP_PERCENT) else value
    return PriceRule(uuid4(), setter.channel_id, kind, mode, said.pop("base", PriceBase.LIST), value, **said)


def down(*percents: int) -> list[PriceRule]:
    """One purchase rule for everybody at each step of the path."""
    return [rule(setter, percent) for setter, percent in zip(PATH, percents, strict=False)]


def floor(setter: Place, value: int, action: FloorAction = FloorAction.BLOCK, **said: Any) -> PriceRule:
    """A floor of the list price."""
    return rule(setter, value, kind=RuleKind.FLOOR, action=action, **said)


def solve(
    rules: list[PriceRule], item: Goods, quantity: int = 1, path: list[Place] | None = None
) -> Resolution:
    """The prices at the end of a path."""
    return resolve(path or PATH, item, quantity, RuleBook(rules, NOW))


def bundle(list_minor: int, *parts: tuple[Goods, int]) -> Goods:
    """A bundle in a category of its own."""
    return goods(list_minor, None, category=uuid4(), parts=parts)
