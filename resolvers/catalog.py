"""Verbs of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from domain.access.permissions import CATALOG_READ, CATALOG_WRITE
from domain.catalog import views
from domain.catalog.create_product import ComponentDraft, CreateCategory, CreateProduct, VariantDraft
from domain.catalog.listing import ProductFilter as Filter
from domain.catalog.listing import ProductSort
from domain.catalog.update_product import AddVariant, UpdateProduct, UpdateVariant
from domain.channels.refusals import CodeTaken, FloorBroken, MarginTooSmall
from domain.paging import PageRequest
from domain.refusals import InvalidInput
from schema.catalog import (
    AddVariantInput,
    Category,
    Component,
    CreateCategoryInput,
    CreateProductInput,
    Product,
    ProductFilter,
    UpdateProductInput,
    UpdateVariantInput,
    Variant,
    VariantInput,
)
from schema.channels import PriceStep
from schema.context import Context
from schema.levels import level
from schema.money import Money
from schema.nouns import shown
from schema.paging import After, Before, Connection, First, Last
from schema.verbs import mutation, query

Narrow = Annotated[ProductFilter | None, strawberry.argument(description="Which products.")]
Order = Annotated[ProductSort | None, strawberry.argument(description="In which order; NEWEST if unsaid.")]
Slug = Annotated[str, strawberry.argument(description="The product's slug.")]
Sku = Annotated[str, strawberry.argument(description="The stock keeping unit.")]
OfChannel = Annotated[
    str | None, strawberry.argument(description="The code of a channel below yours; your own if unsaid.")
]


@query(requires=CATALOG_READ)
async def products(
    context: Context,
    filter: Narrow = None,
    sort: Order = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[Product] | None:
    """The products that your channel shows."""
    order = sort or ProductSort.NEWEST
    wanted = Filter()
    if filter is not None:
        kinds = None if filter.kinds is None else tuple(kind.value for kind in filter.kinds)
        wanted = Filter(filter.category, filter.search, kinds, filter.published is not False)
    request = PageRequest.of(first, after, last, before, order.value)
    found = await context.reads.catalog.products(context.caller, wanted, order, request)
    return shown(Connection[Product], found)


@query(requires=CATALOG_READ)
async def product(context: Context, slug: Slug) -> Product | None:
    """A product that your channel shows, by its slug."""
    found = await context.reads.catalog.product(context.caller, slug)
    return shown(Product, found)


@query(requires=CATALOG_READ)
async def variant(context: Context, sku: Sku) -> Variant | None:
    """A variant that your channel shows, by its SKU."""
    found = await context.reads.catalog.variant(context.caller, sku)
    return shown(Variant, found)


@query(requires=CATALOG_READ)
async def categories(context: Context) -> list[Category] | None:
    """The categories of which your channel shows something, in their order."""
    found = await context.reads.catalog.categories(context.caller)
    return shown(list[Category], found)


@level(Product)
async def category(products: Sequence[views.ProductView], context: Context) -> list[Category]:
    """The shelf of each product."""
    found = await context.reads.catalog.categories_of(context.caller, products)
    return shown(list[Category], found)


@level(Product)
async def variants(products: Sequence[views.ProductView], context: Context) -> list[list[Variant]]:
    """The variants that the caller's channel shows, priced for it."""
    found = await context.reads.catalog.variants_of(context.caller, products)
    return shown(list[list[Variant]], found)


@level(Product)
async def components(products: Sequence[views.ProductView], context: Context) -> list[list[Component]]:
    """What each bundle consists of."""
    found = await context.reads.catalog.components_of(context.caller, products)
    return shown(list[list[Component]], found)


@level(Variant)
async def available_quantity(variants: Sequence[views.VariantView], context: Context) -> list[int | None]:
    """How many can be bought now."""
    return await context.reads.catalog.stock_of(context.caller, variants)


@level(Variant)
async def purchase_price(
    variants: Sequence[views.VariantView], context: Context, channel: OfChannel = None
) -> list[Money | None]:
    """What a channel pays."""
    found = await context.reads.catalog.purchase_prices(context.caller, variants, channel)
    return shown(list[Money | None], found)


@level(Variant)
async def price_trace(
    variants: Sequence[views.VariantView], context: Context, channel: OfChannel = None
) -> list[list[PriceStep] | None]:
    """How a channel's prices came about."""
    found = await context.reads.catalog.price_traces(context.caller, variants, channel)
    return shown(list[list[PriceStep] | None], found)


def _product_of_variant() -> None:
    @level(Variant)
    async def product(variants: Sequence[views.VariantView], context: Context) -> list[Product]:
        """The product of each variant."""
        found = await context.reads.catalog.products_of(context.caller, variants)
        return shown(list[Product], found)


_product_of_variant()


def _draft(said: VariantInput, at: str) -> VariantDraft:
    settings: Any = said.settings if said.settings is not None else {}
    if not isinstance(settings, dict):
        raise InvalidInput("Settings are a JSON object.", f"{at}.settings")
    return VariantDraft(
        sku=said.sku,
        name=said.name,
        list_price=said.list_price.value(f"{at}.listPrice"),
        cost=said.cost.value(f"{at}.cost") if said.cost else None,
        face=said.face.value(f"{at}.face") if said.face else None,
        valid_days=said.valid_days,
        secret_pattern=said.secret_pattern,
        settings=settings,
    )


@mutation(requires=CATALOG_WRITE, fails_with=(CodeTaken,))
async def create_category(context: Context, input: CreateCategoryInput) -> Category:
    """Add a category."""
    created = await context.perform(
        CreateCategory(input.slug, input.name, input.name_en or "", input.position)
    )
    return shown(Category, created)


@mutation(requires=CATALOG_WRITE, fails_with=(CodeTaken,))
async def create_product(context: Context, input: CreateProductInput) -> Product:
    """Add a product with its variants."""
    created = await context.perform(
        CreateProduct(
            slug=input.slug,
            name=input.name,
            kind=input.kind.value,
            category=input.category,
            variants=tuple(_draft(said, f"variants.{at}") for at, said in enumerate(input.variants)),
            components=tuple(ComponentDraft(c.sku, c.quantity) for c in input.components or ()),
            name_en=input.name_en or "",
            description=input.description,
            brand=input.brand,
            account_template=input.account_template,
        )
    )
    return shown(Product, created)


@mutation(requires=CATALOG_WRITE, fails_with=(MarginTooSmall, FloorBroken))
async def update_product(context: Context, input: UpdateProductInput) -> Product:
    """Describe a product anew, or take it on or off sale."""
    updated = await context.perform(
        UpdateProduct(
            slug=input.slug,
            name=input.name,
            name_en=input.name_en,
            description=input.description,
            category=input.category,
            brand=input.brand,
            account_template=input.account_template,
            published=input.published,
        )
    )
    return shown(Product, updated)


@mutation(requires=CATALOG_WRITE, fails_with=(CodeTaken, MarginTooSmall, FloorBroken))
async def add_variant(context: Context, input: AddVariantInput) -> Product:
    """Add a variant to a product that is not a bundle."""
    updated = await context.perform(AddVariant(input.product, _draft(input.variant, "variant")))
    return shown(Product, updated)


@mutation(requires=CATALOG_WRITE, fails_with=(MarginTooSmall, FloorBroken))
async def update_variant(context: Context, input: UpdateVariantInput) -> Product:
    """Change a variant's name, amounts or whether it is on sale; answers its product."""
    updated = await context.perform(
        UpdateVariant(
            sku=input.sku,
            name=input.name,
            list_price=input.list_price.value("listPrice") if input.list_price else None,
            cost=input.cost.value("cost") if input.cost else None,
            face=input.face.value("face") if input.face else None,
            valid_days=input.valid_days,
            published=input.published,
        )
    )
    return shown(Product, updated)
