"""What somebody wants to buy: lines that were checked for themselves, before anything is looked up."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.access.identifiers import storable
from domain.orders.terms import OrderTerms
from domain.refusals import InvalidInput, Refusal

LONGEST_SKU = 100
LONGEST_ACCOUNT = 2_000
"""Characters of an account as JSON."""


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A line as it was asked for; `account` is any JSON value."""

    sku: str
    quantity: int = 1
    account: Any = None

    @classmethod
    def said(cls, sku: str, quantity: int, account: Any, at: str) -> WantedLine:
        """A line from outside; raises InvalidInput naming its place `at` when it cannot be stored."""
        if not 0 < len(sku) <= LONGEST_SKU or not storable(sku):
            raise InvalidInput("This is not a SKU.", f"{at}.sku")
        if not _writable(account) or len(json.dumps(account)) > LONGEST_ACCOUNT:
            raise InvalidInput("This is not an account.", f"{at}.account")
        return cls(sku, quantity, account)


def _writable(value: Any) -> bool:
    """Whether a JSON value can be stored: texts without NUL, whole numbers of up to 53 bits."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return all(storable(name) and _writable(one) for name, one in value.items())
    if isinstance(value, list):
        return all(map(_writable, value))
    return not isinstance(value, int) or abs(value) < 1 << 53


@dataclass(slots=True)
class BasketLine:
    """One line after merging; `at` is the place of its first mention in the input."""

    sku: str
    quantity: int
    account: Any
    at: str


@dataclass(slots=True)
class Basket:
    """Lines in the order they were asked for, and what is wrong with them."""

    lines: list[BasketLine] = field(default_factory=list)
    problems: list[Refusal] = field(default_factory=list)

    @classmethod
    def of(cls, wanted: Sequence[WantedLine], terms: OrderTerms) -> Basket:
        """Merge lines of one SKU whose accounts are equal, and check numbers."""
        basket = cls()
        if not 1 <= len(wanted) <= terms.most_lines:
            reason = f"An order has 1 to {terms.most_lines} lines; {len(wanted)} were given."
            basket.problems.append(InvalidInput(reason, "lines"))
            return basket
        for index, line in enumerate(wanted):
            basket._add(line, f"lines.{index}", terms)
        return basket

    def _add(self, wanted: WantedLine, at: str, terms: OrderTerms) -> None:
        twin = next((one for one in self.lines if self._same(one, wanted)), None)
        quantity = wanted.quantity + (twin.quantity if twin else 0)
        if wanted.quantity < 1 or quantity > terms.most_quantity:
            reason = f"A quantity is 1 to {terms.most_quantity}; {quantity} was asked for."
            self.problems.append(InvalidInput(reason, f"{at}.quantity"))
        elif twin:
            twin.quantity = quantity
        else:
            self.lines.append(BasketLine(wanted.sku, quantity, wanted.account, at))

    @staticmethod
    def _same(line: BasketLine, wanted: WantedLine) -> bool:
        return line.sku == wanted.sku and line.account == wanted.account

    @property
    def quantities(self) -> dict[str, int]:
        """How many of each SKU, over all lines."""
        found: dict[str, int] = defaultdict(int)
        for line in self.lines:
            found[line.sku] += line.quantity
        return dict(found)
