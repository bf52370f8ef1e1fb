"""Baskets and promotions in few words; amounts are minor units."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid5

from domain.promotions.basket import Line
from domain.promotions.evaluate import Evaluation, evaluate
from domain.promotions.kinds import settings_of
from domain.promotions.promotion import Promotion
from domain.promotions.scope import Occasion, Presented, Scope
from domain.promotions.spreading import SpreadMode

ROOT = UUID(int=0)
HQ, P, SHOP = (UUID(int=n) for n in (1, 2, 3))
PATH = (HQ, P, SHOP)
NOON = datetime(2026, 11, 28, 12, tzinfo=timezone(timedelta(hours=8)))
"""A Saturday."""
LAST = SpreadMode.REMAINDER_LAST


def named(name: str) -> UUID:
    return uuid5(ROOT, name)


def line(price: int, quantity: int = 1, floor: int = 0, sku: str = "A", category: str = "C") -> Line:
    return Line(named(sku), named(f"product {sku}"), named(category), sku, quantity, price, floor)


def promotion(code: str, /, name: str = "p", *, owner: UUID = P, **more: Any) -> Promotion:
    """A promotion of a kind; the settings are what its kind knows, the rest the promotion's own."""
    own = {key: more.pop(key) for key in list(more) if key in Promotion.__slots__}
    own.setdefault("funding", {owner: 10_000})
    depth = PATH.index(owner) + 1 if owner in PATH else 9
    kind = settings_of(code, more)
    return Promotion(named(name), name, code, kind, owner_id=owner, owner_depth=depth, **own)


def shown(*coupons: Promotion) -> tuple[Presented, ...]:
    """One code of each promotion, under the promotion's name."""
    return tuple(Presented(one.name, one.id, named(f"coupon {one.name}")) for one in coupons)


def occasion(**more: Any) -> Occasion:
    said: dict[str, Any] = {"now": NOON, "path": PATH, "tier": "SHOP"}
    return Occasion(**(said | more))


def judge(lines: list[Line], *promotions: Promotion, mode: SpreadMode = LAST, **more: Any) -> Evaluation:
    """What promotions make of lines; every coupon among them is shown."""
    more.setdefault("coupons", shown(*(one for one in promotions if one.kind.by_code)))
    return evaluate(lines, occasion(**more), promotions, mode)


def said(found: Evaluation) -> list[tuple[str, int]]:
    """Name and amount of what was applied, in its order."""
    return [(one.promotion.name, one.minor) for one in found.adjustments]


def outcomes(found: Evaluation) -> dict[str, str]:
    return {step.promotion.name: step.outcome.value for step in found.trace}


def only(*skus: str) -> Scope:
    return Scope(variants=frozenset(map(named, skus)))
