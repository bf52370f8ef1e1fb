"""What requests read of the catalogue: a page at a time, priced from the channel's book in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from domain.access.permissions import CATALOG_WRITE
from domain.catalog.listing import ProductFilter, ProductSort
from domain.catalog.views import CategoryView, ComponentView, ProductView, VariantView
from domain.channels.offers import BELOW_FLOOR
from domain.channels.tree import CODE
from domain.channels.views import PriceStepView
from domain.money import Money
from domain.paging import Page, PageRequest
from persistence.catalog import pricing
from persistence.catalog.listing import COLUMNS, Listing, product_of
from persistence.channels.shelf import Glance
from persistence.channels.stock_view import available_of, left_for
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.channels.book import Item
    from persistence.database import Database
    from persistence.work import Tools

_CATEGORIES = Statement("SELECT id, slug, name, name_en FROM category ORDER BY position, id")
_CATEGORIES_BY_IDS = Statement(
    "SELECT id, slug, name, name_en FROM category WHERE id = ANY (CAST(:ids AS uuid[]))"
)
_BY_SLUG = Statement(f"SELECT {COLUMNS} FROM product p WHERE p.slug = :slug")
_BY_IDS = Statement(f"SELECT {COLUMNS} FROM product p WHERE p.id = ANY (CAST(:ids AS uuid[]))")
_CHANNEL = Statement("SELECT id FROM channel WHERE code = :code AND :scope = ANY (path)")


class StoredCatalogReads:
    """Reads as a caller's channel may see them; the shelf is shared with the units of work."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database, self._shelf = database, tools.shelf

    async def _glance(self, caller: Caller) -> Glance:
        return await self._glance_of(caller.channel)

    async def _glance_of(self, channel_id: UUID) -> Glance:
        async with self._database.connection() as connection:
            return await self._shelf.glance(connection, channel_id)

    async def products(
        self, caller: Caller, wanted: ProductFilter, sort: ProductSort, request: PageRequest
    ) -> Page[ProductView]:
        """A page of products."""
        if not wanted.published:
            caller.must(CATALOG_WRITE)
        async with self._database.connection() as connection:
            glance = await self._shelf.glance(connection, caller.channel)
            listing = Listing(glance, wanted, sort)
            statement, values = listing.page(request)
            rows = [] if listing.impossible else await statement.all(connection, **values)

        async def count() -> int:
            if listing.impossible:
                return 0
            counting, what = listing.count()
            async with self._database.connection() as connection:
                return int(await counting.value(connection, **what))

        return Page.cut([listing.found(row) for row in rows], request, count)

    async def product(self, caller: Caller, slug: str) -> ProductView | None:
        """A product by its slug, if the channel shows it; editors see the unpublished too."""
        if "\0" in slug:
            return None
        async with self._database.connection() as connection:
            glance = await self._shelf.glance(connection, caller.channel)
            row = await _BY_SLUG.one(connection, slug=slug)
        if row is None or not _shows_product(glance, row["id"], row["published"], caller):
            return None
        return product_of(row, glance)

    async def variant(self, caller: Caller, sku: str) -> VariantView | None:
        """A variant by its SKU: nothing but the epoch is asked of the database."""
        glance = await self._glance(caller)
        item = glance.book.catalogue.by_sku.get(sku)
        return pricing.variant_of(item, glance) if item and _shows(glance, item, caller) else None

    async def categories(self, caller: Caller) -> list[CategoryView]:
        """The categories of which the channel shows something; who writes the catalogue sees all."""
        async with self._database.connection() as connection:
            glance = await self._shelf.glance(connection, caller.channel)
            rows = await _CATEGORIES.all(connection)
        counts = glance.book.products_of_category
        return [
            CategoryView(**row, product_count=counts.get(row["id"], 0))
            for row in rows
            if row["id"] in counts or caller.may(CATALOG_WRITE)
        ]

    async def categories_of(self, caller: Caller, products: Sequence[ProductView]) -> list[CategoryView]:
        """Each product's category; what a category is called changes with the epoch only."""
        glance = await self._carried(caller, products)
        shown, counts = glance.prices.shown, glance.book.products_of_category
        wanted = {product.category_id for product in products}
        found = {one: shown[one] for one in wanted if one in shown}
        if len(found) < len(wanted):
            async with self._database.connection() as connection:
                rows = await _CATEGORIES_BY_IDS.all(connection, ids=list(wanted - found.keys()))
            for row in rows:
                view = CategoryView(**row, product_count=counts.get(row["id"], 0))
                found[row["id"]] = shown[row["id"]] = view
        return [found[product.category_id] for product in products]

    async def variants_of(self, caller: Caller, products: Sequence[ProductView]) -> list[list[VariantView]]:
        """Each product's variants, from memory."""
        glance = await self._carried(caller, products)
        if not caller.may(CATALOG_WRITE):
            return [pricing.on_sale_of(product.id, glance) for product in products]
        return [
            [
                pricing.variant_of(item, glance)
                for item in glance.book.catalogue.of_product.get(product.id, ())
                if _shows(glance, item, caller)
            ]
            for product in products
        ]

    async def components_of(
        self, caller: Caller, products: Sequence[ProductView]
    ) -> list[list[ComponentView]]:
        """What bundles consist of, from memory."""
        glance = await self._carried(caller, products)
        catalogue = glance.book.catalogue
        return [
            [
                ComponentView(count, pricing.variant_of(catalogue.items[part.variant_id], glance))
                for item in catalogue.of_product.get(product.id, ())[:1]
                for part, count in item.goods.parts
            ]
            for product in products
        ]

    async def products_of(self, caller: Caller, variants: Sequence[VariantView]) -> list[ProductView]:
        """Each variant's product, in one statement."""
        glance = await self._carried(caller, variants)
        async with self._database.connection() as connection:
            rows = await _BY_IDS.all(connection, ids=list({v.product_id for v in variants}))
        found = {row["id"]: product_of(row, glance) for row in rows}
        return [found[variant.product_id] for variant in variants]

    async def variants_by_ids(self, caller: Caller, ids: Sequence[UUID]) -> list[VariantView | None]:
        """Variants that an order or card of the caller names, whether they are shown now or not."""
        glance = await self._glance(caller)
        items = (glance.book.catalogue.items.get(one) for one in ids)
        return [pricing.variant_of(item, glance) if item else None for item in items]

    async def stock_of(self, caller: Caller, variants: Sequence[VariantView]) -> list[int | None]:
        """How many of each can be sold, in one statement."""
        glance = await self._carried(caller, variants)
        book = glance.book
        items = [book.catalogue.items[variant.id] for variant in variants]
        path = [place.channel_id for place in book.path]
        async with self._database.connection() as connection:
            left = await left_for(connection, path, items)
        return [available_of(item, left, book.catalogue) if _sells(glance, item) else 0 for item in items]

    async def purchase_prices(
        self, caller: Caller, variants: Sequence[VariantView], channel: str | None
    ) -> list[Money | None]:
        """T[n] of the caller's channel, or of one below it."""
        glance = await self._below(caller, variants, channel)
        if glance is None:
            return [None] * len(variants)
        return [
            pricing.purchase_price(item, glance, caller) if item else None
            for item in _items(glance, variants)
        ]

    async def price_traces(
        self, caller: Caller, variants: Sequence[VariantView], channel: str | None
    ) -> list[list[PriceStepView] | None]:
        """The steps from the caller's channel down to the one asked for."""
        glance = await self._below(caller, variants, channel)
        if glance is None:
            return [None] * len(variants)
        return [pricing.trace(item, glance, caller) if item else None for item in _items(glance, variants)]

    async def _below(
        self, caller: Caller, variants: Sequence[VariantView], code: str | None
    ) -> Glance | None:
        """The glance of the caller's channel or of the one with this code; None out of its scope."""
        if code is None:
            return await self._carried(caller, variants)
        if not CODE.fullmatch(code):
            return None
        async with self._database.connection() as connection:
            channel_id = await _CHANNEL.value(connection, code=code, scope=caller.channel)
            return None if channel_id is None else await self._shelf.glance(connection, channel_id)

    async def _carried(
        self, caller: Caller, parents: Sequence[ProductView] | Sequence[VariantView]
    ) -> Glance:
        """The glance that the parents came with, so that one answer speaks of one moment."""
        carried = next((parent.glance for parent in parents if parent.glance is not None), None)
        return carried if isinstance(carried, Glance) else await self._glance(caller)

    async def node(
        self, caller: Caller, type_name: str, id: UUID
    ) -> ProductView | VariantView | CategoryView | None:
        """A product, variant or category by its id, as by its name."""
        if type_name == "Category":
            return next((one for one in await self.categories(caller) if one.id == id), None)
        glance = await self._glance(caller)
        if type_name == "Variant":
            item = glance.book.catalogue.items.get(id)
            return pricing.variant_of(item, glance) if item and _shows(glance, item, caller) else None
        async with self._database.connection() as connection:
            row = await _BY_IDS.one(connection, ids=[id])
        shown = row is not None and _shows_product(glance, id, row["published"], caller)
        return product_of(row, glance) if shown else None


def _shows(glance: Glance, item: Item, caller: Caller) -> bool:
    """Whether the caller sees an item: what its channel shows, and to editors also what is not published."""
    if glance.book.shows(item.id):
        return True
    return not item.on_sale and caller.may(CATALOG_WRITE) and glance.book.admits(item.goods)


def _shows_product(glance: Glance, product_id: UUID, published: bool, caller: Caller) -> bool:
    return product_id in glance.book.visible_products or (not published and caller.may(CATALOG_WRITE))


def _sells(glance: Glance, item: Item) -> bool:
    found = glance.price_of(item)
    if pricing.is_hidden(item, glance):
        return False
    return found.retail_minor is not None and found.problem != BELOW_FLOOR


def _items(glance: Glance, variants: Sequence[VariantView]) -> list[Item | None]:
    """The same variants in another channel's book; None where that channel does not show it."""
    found = (glance.book.catalogue.items.get(variant.id) for variant in variants)
    return [item if item is not None and glance.book.shows(item.id) else None for item in found]
