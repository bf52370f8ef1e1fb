"""The price book of one channel: what it sells, seen from its place in the tree, at any moment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.channels.offers import NOT_SELLABLE
from domain.channels.pricing import Resolution, resolve
from domain.channels.rules import Goods, Place, PriceRule, RuleBook
from domain.kept import Room, Written

if TYPE_CHECKING:
    from domain.promotions.promotion import Promotion

_MOST_REMEMBERED = 50_000
_BYTES_OF_VIEW = 700
"""What a view takes, roughly."""
_BYTES_OF_ROW = 100
"""What a row of a page takes, roughly."""


@dataclass(frozen=True, slots=True)
class Item:
    """A variant as it lies on the shelf; amounts in minor units."""

    goods: Goods
    name: str
    product_name: str
    kind: str
    currency: str
    on_sale: bool
    """Whether it and its product are published."""
    valid_days: int | None = None
    account_template: dict[str, Any] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    product_slug: str = ""

    @property
    def id(self) -> UUID:
        """The variant's id."""
        return self.goods.variant_id

    @property
    def cost_minor(self) -> int | None:
        """The supplier's price; of a bundle the sum over its components, not weighed."""
        if not self.goods.parts:
            return self.goods.cost_minor
        costs = [(part.cost_minor, count) for part, count in self.goods.parts]
        return None if any(c is None for c, _ in costs) else sum((c or 0) * n for c, n in costs)


class Catalogue:
    """Every variant there is, in the order of its product's list, and every category by its slug."""

    def __init__(self, items: Iterable[Item], categories: Mapping[str, UUID] | None = None) -> None:
        self.categories = dict(categories or {})
        self.items = {item.id: item for item in items}
        self.by_sku = {item.goods.sku: item for item in self.items.values()}
        self.of_product: dict[UUID, list[Item]] = defaultdict(list)
        for item in self.items.values():
            self.of_product[item.goods.product_id].append(item)
        self.texts = {one: str(one) for one in self.items}
        self.by_slug = {item.product_slug: item.goods.product_id for item in self.items.values()}


@dataclass(frozen=True, slots=True)
class Selection:
    """What `setter_id` has decided on showing some goods in a channel: its own, or one below it."""

    setter_id: UUID
    channel_id: UUID
    visible: bool
    variant_id: UUID | None = None
    product_id: UUID | None = None
    category_id: UUID | None = None

    def covers(self, goods: Goods) -> bool:
        """Whether the goods are in its scope."""
        if self.variant_id is not None:
            return self.variant_id == goods.variant_id
        if self.product_id is not None:
            return self.product_id == goods.product_id
        return self.category_id is None or self.category_id == goods.category_id

    @property
    def rank(self) -> int:
        """The more specific selection of one setter and channel decides."""
        return 3 if self.variant_id else 2 if self.product_id else 1 if self.category_id else 0


def hiding(selections: Iterable[Selection], goods: Goods) -> frozenset[UUID]:
    """The channels for which the goods are hidden by themselves, or for them by one above."""
    deciding: dict[tuple[UUID, UUID], bool] = {}
    for one in sorted(selections, key=lambda one: one.rank):
        if one.covers(goods):
            deciding[one.setter_id, one.channel_id] = one.visible
    return frozenset(channel for (_, channel), visible in deciding.items() if not visible)


class PriceBook:
    """All that decides what one channel shows and asks; the same for as long as no price changes."""

    def __init__(
        self,
        epoch: int,
        path: Sequence[Place],
        suspended: bool,
        rules: Sequence[PriceRule],
        selections: Iterable[Selection],
        catalogue: Catalogue,
        room: Room | None = None,
        promotions: Iterable[Promotion] = (),
    ) -> None:
        self.promotions = tuple(promotions)
        self.epoch, self.path, self.suspended, self.catalogue = epoch, tuple(path), suspended, catalogue
        self.room = room or Room(_BYTES_OF_VIEW * _MOST_REMEMBERED, self.forget)
        self.rules = {rule.id: rule for rule in rules}
        grouped: dict[tuple[UUID, UUID], list[Selection]] = defaultdict(list)
        for selection in sorted(selections, key=lambda one: one.rank, reverse=True):
            grouped[selection.setter_id, selection.channel_id].append(selection)
        self._selections = list(grouped.values())
        self._moment: Prices | None = None

    @property
    def channel_id(self) -> UUID:
        """Whose book it is."""
        return self.path[-1].channel_id

    @cached_property
    def channels(self) -> tuple[UUID, ...]:
        """The path's channels, from headquarters down."""
        return tuple(place.channel_id for place in self.path)

    @cached_property
    def _visible(self) -> frozenset[UUID]:
        return frozenset(
            item.id for item in self.catalogue.items.values() if item.on_sale and self.admits(item.goods)
        )

    def shows(self, variant_id: UUID) -> bool:
        """Whether a variant is published and every selection on the path admits it."""
        return variant_id in self._visible

    def admits(self, goods: Goods, leaving_out: UUID | None = None) -> bool:
        """Whether every selection on the path admits the goods, published or not.

        With `leaving_out`, what that channel has selected is passed over.
        """
        for selections in self._selections:
            decided = next((one for one in selections if one.covers(goods)), None)
            if decided is not None and not decided.visible and decided.setter_id != leaving_out:
                return False
        return True

    def may_name(self, item: Item) -> bool:
        """Whether its rules and selections may speak of an item: of all that those above show it."""
        return len(self.path) == 1 or (item.on_sale and self.admits(item.goods, leaving_out=self.channel_id))

    @cached_property
    def visible_products(self) -> frozenset[UUID]:
        """Products of which at least one variant shows."""
        return frozenset(self.catalogue.items[one].goods.product_id for one in self._visible)

    @cached_property
    def hidden_products(self) -> list[UUID]:
        """Products of which no variant shows, though some is published: what a list leaves out."""
        return [product for product in self.catalogue.of_product if product not in self.visible_products]

    @cached_property
    def products_of_category(self) -> dict[UUID, int]:
        """How many products show, by category."""
        found: dict[UUID, set[UUID]] = defaultdict(set)
        for one in self._visible:
            goods = self.catalogue.items[one].goods
            found[goods.category_id].add(goods.product_id)
        return {category: len(products) for category, products in found.items()}

    @cached_property
    def _products_of_shelf(self) -> Counter[tuple[UUID, str]]:
        """How many products show, by category and kind."""
        first = {self.catalogue.items[one].goods.product_id: one for one in self._visible}
        items = [self.catalogue.items[one] for one in first.values()]
        return Counter((item.goods.category_id, item.kind) for item in items)

    def count(self, category: UUID | None, kinds: Container[str] | None) -> int:
        """How many products show in a category and of some kinds; None does not narrow."""
        return sum(
            number
            for (its_category, its_kind), number in self._products_of_shelf.items()
            if (category is None or its_category == category) and (kinds is None or its_kind in kinds)
        )

    def on_sale(self, product_id: UUID) -> list[Item]:
        """The variants of a product that show, in their order."""
        return [item for item in self.catalogue.of_product.get(product_id, ()) if item.id in self._visible]

    def at(self, now: datetime) -> Prices:
        """The prices at a moment; kept until a rule begins or ends to apply."""
        kept = self._moment
        if kept is None or not kept.holds_at(now):
            kept = self._moment = Prices(self, list(self.rules.values()), now)
        return kept

    def forget(self) -> None:
        """Forget what readers have made of it: it took too much room."""
        if self._moment is not None:
            self._moment.forget()


class Prices:
    """The prices of a book while no rule begins or ends to apply; each is worked out once."""

    def __init__(self, book: PriceBook, rules: Sequence[PriceRule], now: datetime) -> None:
        self.book = book
        edges = {edge for rule in rules for edge in (rule.valid_from, rule.valid_until) if edge}
        self._since = max((edge for edge in edges if edge <= now), default=None)
        self._until = min((edge for edge in edges if edge > now), default=None)
        self._rules = RuleBook(rules, now)
        self._known: dict[tuple[UUID, int], Resolution] = {}
        self.forget()

    def forget(self) -> None:
        """Begin anew with what readers have made of these prices."""
        self.shown: dict[UUID, Any] = {}
        """Views of products, variants and categories."""
        self.on_sale: dict[UUID, list[Any]] = {}
        """Views of the variants that show, by product."""
        self.pages: dict[Hashable, Any] = {}
        """Pages of lists."""

    def keep(self, view: Any) -> Any:
        """Keep a view for later readers, and let them write on it how it was written."""
        view.written = Written(self.book.room)
        self.shown[view.id] = view
        self.book.room.take(_BYTES_OF_VIEW)
        return view

    def keep_page(self, key: Hashable, page: Any, rows: int) -> None:
        """Keep a page of so many rows for later readers."""
        self.pages[key] = page
        self.book.room.take(_BYTES_OF_ROW * (rows + 4))

    def holds_at(self, now: datetime) -> bool:
        """Whether no rule has begun or ended to apply between."""
        return (self._since is None or self._since <= now) and (self._until is None or now < self._until)

    def of(self, item: Item, quantity: int = 1) -> Resolution:
        """The prices of a piece when `quantity` of them are sold."""
        key = item.id, quantity
        found = self._known.get(key)
        if found is None:
            found = resolve(self.book.path, item.goods, quantity, self._rules)
            if self.book.suspended:
                found = Resolution((), None, found.floor_minor, found.steps, NOT_SELLABLE, found.parts)
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = found
        return found

    @cached_property
    def of_products(self) -> dict[UUID, int | None]:
        """The lowest price shown of each product that shows; None where none of it is sellable."""
        found: dict[UUID, int | None] = {}
        for product_id in self.book.visible_products:
            prices = [self.of(item).retail_minor for item in self.book.on_sale(product_id)]
            found[product_id] = min((price for price in prices if price is not None), default=None)
        return found

    @cached_property
    def are_list_prices(self) -> bool:
        """Whether every product's lowest price is its lowest list price, so that SQL can sort by that."""
        return not self.book.suspended and all(
            price
            == min(
                item.goods.list_minor for item in self.book.catalogue.of_product[product_id] if item.on_sale
            )
            for product_id, price in self.of_products.items()
        )
