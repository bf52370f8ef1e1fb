"""Price rules and floors: what a channel has decided for those below it, and which rule is the best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from domain.money import FULL_BP, half_up


class RuleKind(StrEnum):
    """What a rule decides."""

    PURCHASE = "PURCHASE"
    RETAIL = "RETAIL"
    FLOOR = "FLOOR"


class RuleMode(StrEnum):
    """How the value is applied to the base."""

    FIXED = "FIXED"
    PERCENT = "PERCENT"
    MARKUP_AMOUNT = "MARKUP_AMOUNT"
    MARKUP_PERCENT = "MARKUP_PERCENT"


class PriceBase(StrEnum):
    """Of which price the value speaks."""

    LIST = "LIST"
    FACE = "FACE"
    PARENT_PURCHASE = "PARENT_PURCHASE"
    COST = "COST"


class FloorAction(StrEnum):
    """What happens to a price below a floor, the strictest first."""

    BLOCK = "BLOCK"
    REVIEW = "REVIEW"
    CLAMP = "CLAMP"


STRICTNESS = {FloorAction.BLOCK: 2, FloorAction.REVIEW: 1, FloorAction.CLAMP: 0}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
RATES = frozenset({RuleMode.PERCENT, RuleMode.MARKUP_PERCENT})
"""The modes whose value is in basis points; the others' is in minor units."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What is priced: one variant with its amounts in minor units; of a bundle also what it consists of."""

    variant_id: UUID
    product_id: UUID
    category_id: UUID
    sku: str
    list_minor: int
    cost_minor: int | None = None
    face_minor: int | None = None
    parts: tuple[tuple[Goods, int], ...] = ()
    """The components of a bundle and how many of each."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel as a step of a path."""

    channel_id: UUID
    tier: str
    minimum_margin_minor: int = 0
    """What it wants to keep of each piece that it sells to a child."""
    code: str = ""


@dataclass(frozen=True, slots=True)
class PriceRule:
    """One rule as it stands; `value` is basis points for the modes in RATES, else minor units."""

    id: UUID
    setter_id: UUID
    kind: RuleKind
    mode: RuleMode
    base: PriceBase
    value: int
    target_channel_id: UUID | None = None
    target_tier: str | None = None
    variant_id: UUID | None = None
    product_id: UUID | None = None
    category_id: UUID | None = None
    action: FloorAction | None = None
    min_quantity: int = 1
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    version: int = 1
    changed_at: datetime | None = None

    def aims_at(self, child: Place) -> bool:
        """Whether it is for this child of its setter."""
        if self.target_channel_id is not None:
            return self.target_channel_id == child.channel_id
        return self.target_tier is None or self.target_tier == child.tier

    def names(self, goods: Goods) -> bool:
        """Whether it is for this very variant or product, as a bundle's own rules must be."""
        return self.variant_id == goods.variant_id or self.product_id == goods.product_id

    def covers(self, goods: Goods) -> bool:
        """Whether the goods are in its scope."""
        if self.variant_id is not None:
            return self.variant_id == goods.variant_id
        if self.product_id is not None:
            return self.product_id == goods.product_id
        return self.category_id is None or self.category_id == goods.category_id

    def applies_at(self, now: datetime) -> bool:
        """Whether it is in force."""
        return (self.valid_from is None or self.valid_from <= now) and (
            self.valid_until is None or now < self.valid_until
        )

    @property
    def rank(self) -> tuple[int, int, int, datetime, int]:
        """The better rule has the greater rank: target, scope, minimum quantity, then the newest."""
        target = 2 if self.target_channel_id else 1 if self.target_tier else 0
        scope = 3 if self.variant_id else 2 if self.product_id else 1 if self.category_id else 0
        return target, scope, self.min_quantity, self.changed_at or _LONG_AGO, self.id.int

    def amount(self, goods: Goods, setter_pays: int | None) -> int | None:
        """The price it makes in minor units, rounded half-up once; None where the goods lack its base."""
        if self.mode is RuleMode.FIXED:
            return self.value
        base = {
            PriceBase.LIST: goods.list_minor,
            PriceBase.FACE: goods.face_minor,
            PriceBase.COST: cost_of(goods),
            PriceBase.PARENT_PURCHASE: setter_pays,
        }[self.base]
        if base is None:
            return None
        if self.mode is RuleMode.MARKUP_AMOUNT:
            return base + self.value
        rate_bp = self.value + (FULL_BP if self.mode is RuleMode.MARKUP_PERCENT else 0)
        return half_up(base * rate_bp, FULL_BP)


def cost_of(goods: Goods) -> int | None:
    """The supplier's price of one piece; of a bundle T[0], its components' weighed by its list price."""
    if not goods.parts:
        return goods.cost_minor
    costs = [cost_of(part) for part, _ in goods.parts]
    return None if None in costs else weigh(goods, [cost or 0 for cost in costs])


def weigh(goods: Goods, amounts: Iterable[int]) -> int:
    """A bundle's amount from those of its components: their sum × its list price / the sum of list prices."""
    total = sum(amount * count for amount, (_, count) in zip(amounts, goods.parts, strict=True))
    listed = sum(part.list_minor * count for part, count in goods.parts)
    return half_up(total * goods.list_minor, listed) if listed else total


class RuleBook:
    """The rules in force at one moment, ready to be asked for the best."""

    def __init__(self, rules: Iterable[PriceRule], now: datetime) -> None:
        self.now = now
        self._of_setter: dict[tuple[UUID, RuleKind], list[PriceRule]] = defaultdict(list)
        self._for_child: dict[tuple[UUID, RuleKind, UUID], tuple[PriceRule, ...]] = {}
        for rule in sorted(rules, key=lambda rule: rule.rank, reverse=True):
            if rule.applies_at(now):
                self._of_setter[rule.setter_id, rule.kind].append(rule)

    def set_by(self, setter_id: UUID, kind: RuleKind) -> list[PriceRule]:
        """A channel's rules of a kind, the best first."""
        return self._of_setter.get((setter_id, kind), [])

    def for_child(self, setter: Place, kind: RuleKind, child: Place) -> tuple[PriceRule, ...]:
        """Those that aim at one child, the best first."""
        key = setter.channel_id, kind, child.channel_id
        found = self._for_child.get(key)
        if found is None:
            found = tuple(rule for rule in self.set_by(setter.channel_id, kind) if rule.aims_at(child))
            self._for_child[key] = found
        return found


def best(
    rules: Iterable[PriceRule], goods: Goods, quantity: int, setter_pays: int | None
) -> tuple[int, PriceRule] | None:
    """The price and its rule, the first that covers the goods and has its base; None without one.

    A bundle takes only rules that name it; without one it is priced by its components.
    """
    named = bool(goods.parts)
    for rule in rules:
        if rule.min_quantity <= quantity and (rule.names(goods) if named else rule.covers(goods)):
            amount = rule.amount(goods, setter_pays)
            if amount is not None:
                return amount, rule
    return None
