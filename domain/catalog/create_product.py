"""Products enter the catalogue: with their variants, what buyers must enter, and what bundles consist of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from uuid import UUID

from domain.access import permissions
from domain.access.callers import Caller
from domain.cards.importing.patterns import sections
from domain.catalog.events import ProductChanged
from domain.catalog.fulfilment import Asks, Delivery, Stock
from domain.catalog.kinds import KINDS, settings_of
from domain.catalog.records import CategoryRecord, ProductRecord, VariantRecord
from domain.catalog.views import CategoryView, ProductView
from domain.channels.grow import said
from domain.channels.refusals import CodeTaken
from domain.commands import Command, handles
from domain.ids import new_id
from domain.money import Money
from domain.refusals import InvalidInput, NotFound
from domain.work import UnitOfWork

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
SKU = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
CURRENCY = "CNY"
LONGEST_DESCRIPTION = 10_000
_MOST = 100
_MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class CreateCategory(Command):
    """Add a category at the end of the list, or at `position`."""

    requires: ClassVar[str | None] = permissions.CATALOG_WRITE

    slug: str
    name: str
    name_en: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """A variant as it is entered."""

    sku: str
    name: str
    list_price: Money
    cost: Money | None = None
    face: Money | None = None
    valid_days: int | None = None
    secret_pattern: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComponentDraft:
    """A component of a bundle as it is entered."""

    sku: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class CreateProduct(Command):
    """Add a product with its variants."""

    requires: ClassVar[str | None] = permissions.CATALOG_WRITE

    slug: str
    name: str
    kind: str
    category: str
    variants: tuple[VariantDraft, ...]
    components: tuple[ComponentDraft, ...] = ()
    name_en: str = ""
    description: str | None = None
    brand: str | None = None
    account_template: Any = None


@handles(CreateCategory)
async def create_category(command: CreateCategory, caller: Caller, work: UnitOfWork) -> CategoryView:
    """Keep a new category."""
    slug, name = _slug(command.slug), said(command.name, "name")
    await work.prices.begin_change()
    name_en = said(command.name_en, "nameEn") if command.name_en else ""
    record = CategoryRecord(new_id(), slug, name, name_en, command.position)
    if not await work.catalog.add_category(record):
        raise CodeTaken(slug, "slug")
    return CategoryView(record.id, slug, name, name_en)


@handles(CreateProduct)
async def create_product(command: CreateProduct, caller: Caller, work: UnitOfWork) -> ProductView:
    """Keep a new product, its variants and, of a bundle, its components."""
    kind = KINDS[command.kind]
    is_bundle = kind.delivery is Delivery.COMPONENTS
    _check_counts(command, is_bundle)
    product = await _product_of(command, work)
    variants = [
        variant_of(draft, command.kind, product.id, at, f"variants.{at}")
        for at, draft in enumerate(command.variants)
    ]
    await work.prices.begin_change()
    components = await _components(command.components, work) if is_bundle else []
    if not await work.catalog.add_product(product):
        raise CodeTaken(product.slug, "slug")
    taken = await work.catalog.add_variants(variants)
    if taken is not None:
        raise CodeTaken(taken, "variants.sku")
    await work.catalog.add_components(product.id, components)
    tell(product, "created", work)
    return view_of(product)


def _check_counts(command: CreateProduct, is_bundle: bool) -> None:
    if not 1 <= len(command.variants) <= _MOST:
        raise InvalidInput(f"A product has 1 to {_MOST} variants.", "variants")
    if is_bundle and (len(command.variants) != 1 or not 1 <= len(command.components) <= _MOST):
        raise InvalidInput(f"A bundle has exactly one variant, and 1 to {_MOST} components.", "components")
    if not is_bundle and command.components:
        raise InvalidInput("Only a bundle has components.", "components")


async def _product_of(command: CreateProduct, work: UnitOfWork) -> ProductRecord:
    category_id = await work.catalog.category_id(command.category)
    if category_id is None:
        raise NotFound("category", "category")
    return described(
        ProductRecord(new_id(), _slug(command.slug), "", command.kind, category_id),
        work,
        name=command.name,
        name_en=command.name_en or None,
        description=command.description,
        brand=command.brand,
        account_template=command.account_template,
    )


def described(
    product: ProductRecord,
    work: UnitOfWork,
    *,
    name: str | None,
    name_en: str | None,
    description: str | None,
    brand: str | None,
    account_template: Any,
) -> ProductRecord:
    """The product with what was said of it; what is None stays. Raises InvalidInput."""
    said_of: dict[str, Any] = {}
    if name is not None:
        said_of["name"] = said(name, "name")
    if name_en is not None:
        said_of["name_en"] = said(name_en, "nameEn")
    if brand is not None:
        said_of["brand"] = said(brand, "brand")
    if description is not None:
        if len(description) > LONGEST_DESCRIPTION or "\0" in description:
            raise InvalidInput(f"A description has up to {LONGEST_DESCRIPTION} characters.", "description")
        said_of["description"] = description
    if account_template is not None:
        if KINDS[product.kind].account is Asks.NEVER:
            raise InvalidInput(f"{product.kind} asks the buyer for no account.", "accountTemplate")
        flaw = work.catalog.account_templates.flaw(account_template)
        if flaw is not None:
            raise InvalidInput(flaw, "accountTemplate")
        said_of["account_template"] = account_template
    return replace(product, **said_of)


def variant_of(draft: VariantDraft, kind: str, product_id: UUID, position: int, at: str) -> VariantRecord:
    """A new variant; `at` is the input it came from. Raises InvalidInput."""
    if not SKU.fullmatch(draft.sku):
        raise InvalidInput("A SKU has 1 to 64 letters, digits, dots, hyphens and underscores.", f"{at}.sku")
    settings_of(kind, draft.settings, f"{at}.settings")
    if draft.secret_pattern is not None:
        if KINDS[kind].stock is not Stock.CARDS:
            raise InvalidInput(f"{kind} has no cards.", f"{at}.secretPattern")
        sections(draft.secret_pattern)
    is_bundle = KINDS[kind].delivery is Delivery.COMPONENTS
    if is_bundle and draft.cost is not None:
        raise InvalidInput("A bundle costs what its components cost.", f"{at}.cost")
    return VariantRecord(
        new_id(),
        product_id,
        draft.sku,
        said(draft.name, f"{at}.name"),
        amount_of(draft.list_price, f"{at}.listPrice"),
        CURRENCY,
        position,
        None if draft.cost is None else amount_of(draft.cost, f"{at}.cost"),
        None if draft.face is None else amount_of(draft.face, f"{at}.face"),
        None if draft.valid_days is None else days_of(draft.valid_days, f"{at}.validDays"),
        draft.secret_pattern,
        settings=dict(draft.settings),
    )


def days_of(days: int, at: str) -> int:
    """For how many days a card can be used after the sale."""
    if not 1 <= days <= _MOST_DAYS:
        raise InvalidInput(f"A card is valid for 1 to {_MOST_DAYS} days.", at)
    return days


def amount_of(money: Money, at: str) -> int:
    """Minor units of the one currency that prices are kept in."""
    if money.currency != CURRENCY:
        raise InvalidInput(f"Prices are kept in {CURRENCY}.", at)
    return money.minor


async def _components(drafts: Sequence[ComponentDraft], work: UnitOfWork) -> list[tuple[UUID, int]]:
    skus = [draft.sku for draft in drafts]
    if len(set(skus)) < len(skus):
        raise InvalidInput("Name each component once, with its quantity.", "components")
    found = await work.catalog.variants(skus)
    components = []
    for at, draft in enumerate(drafts):
        if draft.sku not in found:
            raise NotFound("variant", f"components.{at}.sku")
        variant, product = found[draft.sku]
        if KINDS[product.kind].delivery is Delivery.COMPONENTS:
            raise InvalidInput("A bundle cannot hold a bundle.", f"components.{at}.sku")
        if not 1 <= draft.quantity <= _MOST:
            raise InvalidInput(f"A bundle holds 1 to {_MOST} of a component.", f"components.{at}.quantity")
        components.append((variant.id, draft.quantity))
    return components


def _slug(slug: str) -> str:
    if not SLUG.fullmatch(slug):
        raise InvalidInput(
            "A slug has 1 to 64 of a-z, 0-9 and -, and neither begins nor ends with -.", "slug"
        )
    return slug


def view_of(product: ProductRecord) -> ProductView:
    """What is shown of a product that has just been kept."""
    return ProductView(
        product.id,
        product.slug,
        product.name,
        product.name_en,
        product.description,
        product.brand,
        product.kind,
        product.category_id,
        product.account_template,
        product.published,
    )


def tell(product: ProductRecord, change: str, work: UnitOfWork) -> None:
    """Record what happened to a product."""
    work.record(ProductChanged(aggregate_id=product.id, change=change, slug=product.slug))
