"""Products change: how they are described, what their variants cost, and whether they are on sale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from domain.access import permissions
from domain.access.callers import Caller
from domain.catalog.create_product import (
    VariantDraft,
    amount_of,
    days_of,
    described,
    tell,
    variant_of,
    view_of,
)
from domain.catalog.fulfilment import Delivery
from domain.catalog.kinds import KINDS
from domain.catalog.views import ProductView
from domain.channels.checks import refuse_newcomers
from domain.channels.grow import said
from domain.channels.refusals import CodeTaken
from domain.channels.rules import Goods
from domain.commands import Command, handles
from domain.money import Money
from domain.refusals import InvalidInput, NotFound
from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class UpdateProduct(Command):
    """Describe a product anew, or take it on or off sale; what is None stays as it is."""

    requires: ClassVar[str | None] = permissions.CATALOG_WRITE

    slug: str
    name: str | None = None
    name_en: str | None = None
    description: str | None = None
    category: str | None = None
    brand: str | None = None
    account_template: Any = None
    published: bool | None = None


@dataclass(frozen=True, slots=True)
class AddVariant(Command):
    """Add a variant to a product that is not a bundle."""

    requires: ClassVar[str | None] = permissions.CATALOG_WRITE

    product: str
    variant: VariantDraft


@dataclass(frozen=True, slots=True)
class UpdateVariant(Command):
    """Change a variant's name, amounts, validity or whether it is on sale; what is None stays as it is."""

    requires: ClassVar[str | None] = permissions.CATALOG_WRITE

    sku: str
    name: str | None = None
    list_price: Money | None = None
    cost: Money | None = None
    face: Money | None = None
    valid_days: int | None = None
    published: bool | None = None


@handles(UpdateProduct)
async def update_product(command: UpdateProduct, caller: Caller, work: UnitOfWork) -> ProductView:
    """Keep what was said; a new category is refused where its rules would break a margin or a floor."""
    await work.prices.begin_change()
    product = await work.catalog.product(command.slug)
    if product is None:
        raise NotFound("product", "slug")
    product = described(
        product,
        work,
        name=command.name,
        name_en=command.name_en,
        description=command.description,
        brand=command.brand,
        account_template=command.account_template,
    )
    if command.category is not None:
        category_id = await work.catalog.category_id(command.category)
        if category_id is None:
            raise NotFound("category", "category")
        product = replace(product, category_id=category_id)
    if command.published is not None:
        product = replace(product, published=command.published)
    await work.catalog.keep_product(product)
    if command.category is not None or command.published:
        at = "published" if command.category is None else "category"
        await _check_prices(lambda goods: goods.product_id == product.id, at, caller, work)
    tell(product, "described", work)
    return view_of(product)


@handles(AddVariant)
async def add_variant(command: AddVariant, caller: Caller, work: UnitOfWork) -> ProductView:
    """Keep a new variant behind those that the product has."""
    await work.prices.begin_change()
    product = await work.catalog.product(command.product)
    if product is None:
        raise NotFound("product", "product")
    if KINDS[product.kind].delivery is Delivery.COMPONENTS:
        raise InvalidInput("A bundle has exactly one variant.", "product")
    others = (await work.prices.catalogue()).of_product[product.id]
    variant = variant_of(command.variant, product.kind, product.id, len(others), "variant")
    if await work.catalog.add_variants([variant]) is not None:
        raise CodeTaken(variant.sku, "variant.sku")
    await _check_prices(lambda goods: goods.variant_id == variant.id, "variant", caller, work)
    tell(product, "variant added", work)
    return view_of(product)


@handles(UpdateVariant)
async def update_variant(command: UpdateVariant, caller: Caller, work: UnitOfWork) -> ProductView:
    """Keep what was said; a list price is refused where rules of it would break a margin or a floor.

    A supplier's price is kept as it is said: it is a fact, even where it eats up a margin.
    """
    await work.prices.begin_change()
    found = (await work.catalog.variants([command.sku])).get(command.sku)
    if found is None:
        raise NotFound("variant", "sku")
    variant, product = found
    changes: dict[str, Any] = {}
    if command.name is not None:
        changes["name"] = said(command.name, "name")
    for field, column, at in (
        ("list_price", "list_minor", "listPrice"),
        ("cost", "cost_minor", "cost"),
        ("face", "face_minor", "face"),
    ):
        money: Money | None = getattr(command, field)
        if money is not None:
            changes[column] = amount_of(money, at)
    if command.cost is not None and KINDS[product.kind].delivery is Delivery.COMPONENTS:
        raise InvalidInput("A bundle costs what its components cost.", "cost")
    if command.valid_days is not None:
        changes["valid_days"] = days_of(command.valid_days, "validDays")
    if command.published is not None:
        changes["published"] = command.published
    await work.catalog.keep_variant(replace(variant, **changes))
    dearer = changes.get("list_minor", variant.list_minor) != variant.list_minor
    if dearer or command.published:
        at = "listPrice" if dearer else "published"
        await _check_prices(lambda goods: goods.variant_id == variant.id, at, caller, work)
    tell(product, "variant changed", work)
    return view_of(product)


async def _check_prices(concerns: Callable[[Goods], bool], at: str, caller: Caller, work: UnitOfWork) -> None:
    """Refuse what would break a margin or floor for these goods, and for bundles that hold them, anywhere."""
    goods = [
        item.goods
        for item in (await work.prices.catalogue()).items.values()
        if item.on_sale and any(map(concerns, [item.goods, *(part for part, _ in item.goods.parts)]))
    ]
    rules = await work.prices.rules_around(caller.channel)
    family = await work.tree.family(caller.channel)
    refuse_newcomers(family, goods, rules, work.now, caller, at)
