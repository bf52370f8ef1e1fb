"""Pages of products: the SQL of each sort, direction and filter, put together once from constant parts."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from domain.catalog.listing import ProductFilter, ProductSort
from domain.catalog.views import ProductView
from domain.moments import moment_of
from domain.paging import PageRequest, cursor_of
from domain.refusals import BadRequest
from persistence.channels.shelf import Glance
from persistence.statements import Statement

_BEYOND = 1 << 62
"""Where a product without a price stands: behind all others."""


@dataclass(frozen=True, slots=True)
class _Order:
    """A sort: its key in SQL, the key's type, and whether it begins with the greatest."""

    key: str
    type: str
    descending: bool
    read: Callable[[Any], Any]


def _whole(said: Any) -> int:
    if type(said) is not int or not -_BEYOND <= said <= _BEYOND:
        raise ValueError("a cursor's number is out of range")
    return said


def _words(said: Any) -> str:
    if not isinstance(said, str) or "\0" in said:
        raise ValueError("a cursor's name is text")
    said.encode()
    return said


_ORDERS = {
    ProductSort.NEWEST: _Order("p.created_at", "timestamptz", True, moment_of),
    ProductSort.PRICE_ASC: _Order("p.least_list_minor", "bigint", False, _whole),
    ProductSort.PRICE_DESC: _Order("p.least_list_minor", "bigint", True, _whole),
    ProductSort.BEST_SELLING: _Order("p.sold", "bigint", True, _whole),
    ProductSort.NAME: _Order("p.name", "text", False, _words),
}
_BY_PRICE = (ProductSort.PRICE_ASC, ProductSort.PRICE_DESC)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a statement depends on; the values themselves are parameters."""

    sort: ProductSort | None
    computed: bool
    backwards: bool
    goes_on: bool
    category: bool
    kinds: bool
    hidden: bool
    words: int
    published: bool
    most: int = 0
    """Rows at most: part of the text, because a parameter would be planned anew for each request."""


@lru_cache(maxsize=512)
def _statement(shape: _Shape) -> Statement:
    conditions = ["p.published" if shape.published else "NOT p.published"]
    if shape.category:
        conditions.append("p.category_id = :category")
    if shape.kinds:
        conditions.append("p.kind = ANY (CAST(:kinds AS text[]))")
    if shape.hidden:
        conditions.append("p.id <> ALL (CAST(:hidden AS uuid[]))")
    conditions += [f"p.search LIKE :word{at}" for at in range(shape.words)]
    if shape.sort is None:
        return Statement(f"SELECT count(*) FROM product p WHERE {' AND '.join(conditions)}")
    order = _ORDERS[shape.sort]
    source, key = "product p", order.key
    if shape.computed:
        source += """ JOIN unnest(CAST(:priced AS uuid[]), CAST(:prices AS bigint[])) AS shown(id, price)
                      ON shown.id = p.id"""
        key = "shown.price"
    descending = order.descending != shape.backwards
    if shape.goes_on:
        sign = "<" if descending else ">"
        conditions.append(f"({key}, p.id) {sign} (CAST(:key AS {order.type}), CAST(:id AS uuid))")
    way = "DESC" if descending else "ASC"
    return Statement(
        f"""SELECT p.id, {key} AS sort_key FROM {source} WHERE {" AND ".join(conditions)}
            ORDER BY {key} {way}, p.id {way} LIMIT {shape.most}"""
    )


def place_of(wanted: ProductFilter, sort: ProductSort, request: PageRequest) -> Hashable | None:
    """What tells a page from every other one that is read at the same prices; None for one that may change.

    A list of what is published is the same for as long as the price epoch, unless sales reorder it. Searches
    are too many to be kept.
    """
    if not wanted.published or wanted.words or sort is ProductSort.BEST_SELLING:
        return None
    begins = tuple(request.after) if request.after is not None else None
    if begins is not None and not all(isinstance(key, (str, int)) for key in begins):
        return None
    return wanted, sort, request.limit, request.backwards, begins


class Listing:
    """One list of products as a channel sees it."""

    def __init__(self, glance: Glance, wanted: ProductFilter, sort: ProductSort) -> None:
        self.glance, self.sort = glance, sort
        self.values: dict[str, Any] = {}
        words = wanted.words
        hidden = glance.book.hidden_products if wanted.published else []
        self.computed = sort in _BY_PRICE and not glance.prices.are_list_prices
        self._shape = _Shape(
            sort, self.computed, False, False, wanted.category is not None, wanted.kinds is not None,
            bool(hidden), len(words), wanted.published,
        )  # fmt: skip
        self.impossible = any("\0" in word for word in words)
        if wanted.category is not None:
            self.values["category"] = category = glance.book.catalogue.categories.get(wanted.category)
            self.impossible |= category is None
        if wanted.kinds is not None:
            self.values["kinds"] = list(wanted.kinds)
        if hidden:
            self.values["hidden"] = hidden
        self.values |= {f"word{at}": f"%{_escaped(word)}%" for at, word in enumerate(words)}

    def page(self, request: PageRequest) -> tuple[Statement, dict[str, Any]]:
        """The statement of a page, one row longer than asked for, and its values."""
        values = dict(self.values)
        if self.computed:
            behind = -_BEYOND if self.sort is ProductSort.PRICE_DESC else _BEYOND
            prices = self.glance.prices.of_products
            values["priced"] = list(prices)
            values["prices"] = [behind if price is None else price for price in prices.values()]
        if request.after is not None:
            values["key"], values["id"] = self._keys(request.after)
        shape = _with(
            self._shape,
            backwards=request.backwards,
            goes_on=request.after is not None,
            most=request.limit + 1,
        )
        return _statement(shape), values

    def count(self) -> tuple[Statement, dict[str, Any]]:
        """The statement that counts the whole list, and its values."""
        return _statement(_with(self._shape, sort=None, computed=False)), self.values

    def _keys(self, keys: list[Any]) -> tuple[Any, UUID]:
        try:
            key, own = keys
            return _ORDERS[self.sort].read(key), UUID(own)
        except (ValueError, TypeError, AttributeError):
            raise BadRequest("This cursor does not belong to this list; begin again without it.") from None

    def known_count(self) -> int | None:
        """The whole list's length where memory has it: what shows, without words to search for."""
        if self.impossible:
            return 0
        if self._shape.words or not self._shape.published:
            return None
        return self.glance.book.count(self.values.get("category"), self.values.get("kinds"))

    def cursor(self, product: ProductView, key: Any) -> str:
        """The place of a product in the list; most products are found where they were found before."""
        known = product.places.get(self.sort)
        if known is not None and known[0] == key:
            return known[1]
        said = key.isoformat() if isinstance(key, datetime) else key
        cursor = cursor_of(self.sort, [said, str(product.id)])
        product.places[self.sort] = key, cursor
        return cursor


def _with(shape: _Shape, **changes: Any) -> _Shape:
    values = {name: getattr(shape, name) for name in _Shape.__dataclass_fields__}
    return _Shape(**{**values, **changes})


def _escaped(word: str) -> str:
    """The word as LIKE finds it literally."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
