"""What requests read of the catalogue: a page at a time, priced from the channel's book in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.permissions import CATALOG_WRITE
from domain.catalog.listing import ProductFilter, ProductSort
from domain.catalog.views import CategoryView, ComponentView, ProductView, VariantView
from domain.channels.tree import CODE
from domain.channels.views import PriceStepView
from domain.money import Money
from domain.paging import Page, PageRequest
from persistence.catalog import pricing
from persistence.catalog.listing import Listing, place_of
from persistence.channels.availability import Availability
from persistence.channels.shelf import Glance
from persistence.statements import Connection, Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.channels.book import Item
    from persistence.database import Database
    from persistence.work import Tools

_CATEGORIES = Statement("SELECT id, slug, name, name_en FROM category ORDER BY position, id")
_CATEGORIES_BY_IDS = Statement(
    "SELECT id, slug, name, name_en FROM category WHERE id = ANY (CAST(:ids AS uuid[]))"
)
_COLUMNS = """p.id, p.slug, p.name, p.name_en, p.description, p.brand, p.kind, p.category_id,
              p.account_template, p.published"""
_BY_SLUG = Statement(f"SELECT {_COLUMNS} FROM product p WHERE p.slug = :slug")
_BY_IDS = Statement(f"SELECT {_COLUMNS} FROM product p WHERE p.id = ANY (CAST(:ids AS uuid[]))")
_CHANNEL = Statement("SELECT id FROM channel WHERE code = :code AND :scope = ANY (path)")


class StoredCatalogReads:
    """Reads as a caller's channel may see them; the shelf is shared with the units of work."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database, self._shelf = database, tools.shelf
        self._availability = Availability(database)

    async def _glance(self, caller: Caller) -> Glance:
        return await self._glance_of(caller.channel)

    async def _glance_of(self, channel_id: UUID) -> Glance:
        return await self._shelf.shown(self._database, channel_id)

    async def products(
        self, caller: Caller, wanted: ProductFilter, sort: ProductSort, request: PageRequest
    ) -> Page[ProductView]:
        """A page of products."""
        if not wanted.published:
            caller.must(CATALOG_WRITE)
        glance, key = await self._glance(caller), place_of(wanted, sort, request)
        kept: Page[ProductView] | None = None if key is None else glance.prices.pages.get(key)
        if kept is not None:
            return kept
        listing = Listing(glance, wanted, sort)
        found = await self._rows_of(listing, caller, request)

        async def count() -> int:
            known = listing.known_count()
            if known is not None:
                return known
            counting, what = listing.count()
            async with self._database.connection() as connection:
                return int(await counting.value(connection, **what))

        page = Page.cut(found, request, count)
        if key is not None and listing.glance is glance:
            glance.prices.keep_page(key, page, len(found))
        return page

    async def _rows_of(
        self, listing: Listing, caller: Caller, request: PageRequest
    ) -> list[tuple[ProductView, str]]:
        """The products of a page and one more, with their cursors."""
        if listing.impossible:
            return []
        statement, values = listing.page(request)
        async with self._database.connection() as connection:
            rows = await statement.all(connection, **values)
            if any(row["id"] not in listing.glance.book.catalogue.of_product for row in rows):
                # Another process has made it since the epoch was read: it is shown with its variants.
                listing.glance = await self._shelf.glance(connection, caller.channel)
            views = await self._views(connection, listing.glance, [row["id"] for row in rows])
        return [(views[own], listing.cursor(views[own], key)) for own, key in rows if own in views]

    async def _views(
        self, connection: Connection, glance: Glance, ids: Sequence[UUID]
    ) -> Mapping[UUID, ProductView]:
        """Products by their ids; those that nobody has read at these prices yet in one statement."""
        prices = glance.prices
        found = {own: prices.shown[own] for own in ids if own in prices.shown}
        if len(found) < len(ids):
            missing = [own for own in ids if own not in found]
            for row in await _BY_IDS.all(connection, ids=missing):
                found[row["id"]] = _product_of(row, glance)
        return found

    async def product(self, caller: Caller, slug: str) -> ProductView | None:
        """A product by its slug, if the channel shows it; editors see the unpublished too."""
        if "\0" in slug:
            return None
        glance = await self._glance(caller)
        known = glance.book.catalogue.by_slug.get(slug)
        found: ProductView | None = None if known is None else glance.prices.shown.get(known)
        if found is None:
            async with self._database.connection() as connection:
                row = await _BY_SLUG.one(connection, slug=slug)
            if row is None:
                return None
            found = _product_of(row, glance)
        return found if _shows_product(glance, found.id, found.published, caller) else None

    async def variant(self, caller: Caller, sku: str) -> VariantView | None:
        """A variant by its SKU: nothing but the epoch is asked of the database."""
        glance = await self._glance(caller)
        item = glance.book.catalogue.by_sku.get(sku)
        return pricing.variant_of(item, glance) if item and _shows(glance, item, caller) else None

    async def categories(self, caller: Caller) -> list[CategoryView]:
        """The categories of which the channel shows something; who writes the catalogue sees all."""
        glance = await self._glance(caller)
        async with self._database.connection() as connection:
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
        shown = glance.prices.shown
        with suppress(KeyError):
            return [shown[product.category_id] for product in products]
        counts = glance.book.products_of_category
        wanted = {product.category_id for product in products}
        found = {one: shown[one] for one in wanted if one in shown}
        if len(found) < len(wanted):
            async with self._database.connection() as connection:
                rows = await _CATEGORIES_BY_IDS.all(connection, ids=list(wanted - found.keys()))
            for row in rows:
                view = CategoryView(**row, product_count=counts.get(row["id"], 0))
                found[row["id"]] = glance.prices.keep(view)
        return [found[product.category_id] for product in products]

    async def variants_of(self, caller: Caller, products: Sequence[ProductView]) -> list[list[VariantView]]:
        """Each product's variants, from memory."""
        glance = await self._carried(caller, products)
        if not caller.may(CATALOG_WRITE):
            on_sale = glance.prices.on_sale
            return [on_sale.get(one.id) or pricing.on_sale_of(one.id, glance) for one in products]
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
            found = await self._views(connection, glance, list({v.product_id for v in variants}))
            return [found[variant.product_id] for variant in variants]

    async def variants_by_ids(self, caller: Caller, ids: Sequence[UUID]) -> list[VariantView | None]:
        """Variants that an order or card of the caller names, whether they are shown now or not."""
        glance = await self._glance(caller)
        items = (glance.book.catalogue.items.get(one) for one in ids)
        return [pricing.variant_of(item, glance) if item else None for item in items]

    async def stock_of(self, caller: Caller, variants: Sequence[VariantView]) -> list[int | None]:
        """How many of each can be sold, in one statement for all who ask at this moment."""
        glance = await self._carried(caller, variants)
        found = await self._availability.of(glance.book, [variant.id for variant in variants])
        return [left if one.sells else 0 for one, left in zip(variants, found, strict=True)]

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
        return None if channel_id is None else await self._glance_of(channel_id)

    async def _carried(
        self, caller: Caller, parents: Sequence[ProductView] | Sequence[VariantView]
    ) -> Glance:
        """The glance that the parents came with, so that one answer speaks of one moment."""
        for parent in parents:
            if isinstance(parent.glance, Glance):
                return parent.glance
        return await self._glance(caller)

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
            found = (await self._views(connection, glance, [id])).get(id)
        if not isinstance(found, ProductView):
            return None  # an id of something else that is kept beside the products
        return found if _shows_product(glance, id, found.published, caller) else None


def _product_of(row: Any, glance: Glance) -> ProductView:
    """A product as the channel of a glance sees it.

    It is kept where the channel shows it: else asking again costs what asking for an unknown one costs.
    """
    view = ProductView(
        row["id"], row["slug"], row["name"], row["name_en"], row["description"], row["brand"], row["kind"],
        row["category_id"], row["account_template"], row["published"], glance,
    )  # fmt: skip
    return glance.prices.keep(view) if view.id in glance.book.visible_products else view


def _shows(glance: Glance, item: Item, caller: Caller) -> bool:
    """Whether the caller sees an item: what its channel shows, and to editors also what is not published."""
    if glance.book.shows(item.id):
        return True
    return not item.on_sale and caller.may(CATALOG_WRITE) and glance.book.admits(item.goods)


def _shows_product(glance: Glance, product_id: UUID, published: bool, caller: Caller) -> bool:
    return product_id in glance.book.visible_products or (not published and caller.may(CATALOG_WRITE))


def _items(glance: Glance, variants: Sequence[VariantView]) -> list[Item | None]:
    """The same variants in another channel's book; None where that channel does not show it."""
    found = (glance.book.catalogue.items.get(variant.id) for variant in variants)
    return [item if item is not None and glance.book.shows(item.id) else None for item in found]
