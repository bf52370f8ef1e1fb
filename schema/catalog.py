"""Nouns of the catalogue."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.scalars import JSON

from domain.access.permissions import CATALOG_READ, CATALOG_WRITE, COST_READ, MARGIN_READ, PRICES_READ
from domain.catalog import views
from domain.catalog.kinds import KINDS
from domain.catalog.listing import ProductSort
from schema.audiences import asked, identified, open_to_all, visible_to
from schema.channels import PriceStep
from schema.money import Money, MoneyInput
from schema.nouns import Node, noun
from schema.words import described

if TYPE_CHECKING:
    ProductKind = Any
else:
    ProductKind = strawberry.enum(
        Enum(
            "ProductKind",
            {
                code: strawberry.enum_value(code, description=inspect.getdoc(kind))
                for code, kind in KINDS.items()
            },
        ),
        description="What a product is, and so how it is delivered.",
    )
described(
    ProductSort,
    "The orders of a list of products.",
    NEWEST="The newest first.",
    PRICE_ASC="The cheapest first, by the lowest price that your channel shows.",
    PRICE_DESC="The dearest first, by the lowest price that your channel shows.",
    BEST_SELLING="What sold most pieces first.",
    NAME="By name.",
)


@noun(views.CategoryView, description="A shelf of the catalogue.", prefix="cat")
class Category(Node):
    """A category."""

    id: strawberry.ID = identified("cat", "The opaque, stable id.")
    slug: str = open_to_all("The stable name in addresses.")
    name: str = open_to_all("The name in Chinese.")
    name_en: str = open_to_all("The name in English; may be empty.")
    product_count: int = open_to_all("How many products of it your channel shows.")


@noun(views.ProductView, description="A product, with one variant or more.", prefix="prd")
class Product(Node):
    """A product."""

    id: strawberry.ID = identified("prd", "The opaque, stable id.")
    slug: str = open_to_all("The stable name in addresses.")
    name: str = open_to_all("The name in Chinese.")
    name_en: str = open_to_all("The name in English; may be empty.")
    description: str | None = open_to_all("What it is, in plain text.")
    brand: str | None = open_to_all("The brand.")
    kind: ProductKind = open_to_all("What it is, and so how it is delivered.")
    category: Category = open_to_all("Its shelf.")
    account_template: JSON | None = open_to_all(
        "What the buyer must enter as `account` of a line, as JSON Schema; null when nothing."
    )
    variants: list[Variant] = open_to_all("What can be bought of it, priced for your channel.")
    components: list[Component] = open_to_all("What a bundle consists of; empty for all else.")
    published: bool | None = visible_to(CATALOG_WRITE, "Whether it is on sale anywhere.")


@noun(views.VariantView, description="What is bought: one SKU.", prefix="var")
class Variant(Node):
    """A variant."""

    id: strawberry.ID = identified("var", "The opaque, stable id.")
    sku: str = open_to_all("The stock keeping unit.")
    name: str = open_to_all("The name beside the product's, such as the term of a membership.")
    product: Product = open_to_all("Its product.")
    list_price: Money = open_to_all("The price that the brand recommends.")
    price: Money | None = open_to_all("What a buyer pays in your channel; null where it is not sellable.")
    face: Money | None = open_to_all("What a top-up credits, where it differs from what it costs.")
    valid_days: int | None = open_to_all("For how many days a card can be used after the sale.")
    available_quantity: int | None = open_to_all("How many can be bought now; null where nothing limits it.")
    purchase_price: Money | None = visible_to(
        PRICES_READ, "What your channel, or one below it, pays for a piece; null where it cannot buy it."
    )
    price_trace: list[PriceStep] | None = visible_to(
        PRICES_READ, "How the prices of your channel, or of one below it, came about."
    )
    floor_price: Money | None = visible_to(PRICES_READ, "Below which your channel may not sell it.")
    margin: Money | None = visible_to(MARGIN_READ, "What your channel keeps of a piece sold at its price.")
    cost: Money | None = visible_to(COST_READ, "The supplier's price.")
    published: bool | None = visible_to(CATALOG_WRITE, "Whether it and its product are on sale.")
    settings: JSON | None = visible_to(
        CATALOG_READ, "What its kind wants to know, such as the units of METERED."
    )


@noun(views.ComponentView, description="A part of a bundle.")
class Component:
    """A component."""

    quantity: int = open_to_all("How many of it one bundle holds.")
    variant: Variant = open_to_all("What it is.")


@strawberry.input(description="Which products; what is left out does not narrow.")
class ProductFilter:
    """A filter of products."""

    category: str | None = asked("A category's slug.", default=None)
    search: str | None = asked("Words of the name, the English name, the brand or the slug.", default=None)
    kinds: list[ProductKind] | None = asked(
        "Products of any of these kinds; none for an empty list.", default=None
    )
    published: bool | None = asked(
        f"False for what is not on sale; needs the permission `{CATALOG_WRITE}`.", default=None
    )


@strawberry.input(description="A variant.")
class VariantInput:
    """A variant as it is entered."""

    sku: str = asked("1 to 64 letters, digits, dots, hyphens and underscores; it never changes.")
    name: str = asked("The name beside the product's.")
    list_price: MoneyInput = asked("The price that the brand recommends.")
    cost: MoneyInput | None = asked("The supplier's price; none for a bundle.", default=None)
    face: MoneyInput | None = asked("What a top-up credits.", default=None)
    valid_days: int | None = asked("For how many days a card can be used.", default=None)
    secret_pattern: str | None = asked(
        "What codes look like: `secret:[A-Z2-9]{16}`, `number:\\d{17} secret:\\d{12}`.", default=None
    )
    settings: JSON | None = asked('What its kind wants to know, such as `{"units": 100}`.', default=None)


@strawberry.input(description="A part of a bundle.")
class ComponentInput:
    """A component as it is entered."""

    sku: str = asked("The component's SKU.")
    quantity: int = asked("How many of it one bundle holds.", default=1)


@strawberry.input(description="A new category.")
class CreateCategoryInput:
    """A category as it is entered."""

    slug: str = asked("1 to 64 of a-z, 0-9 and -; it never changes.")
    name: str = asked("The name in Chinese.")
    name_en: str | None = asked("The name in English.", default=None)
    position: int = asked("Its place in the list.", default=0)


@strawberry.input(description="A new product.")
class CreateProductInput:
    """A product as it is entered."""

    slug: str = asked("1 to 64 of a-z, 0-9 and -; it never changes.")
    name: str = asked("The name in Chinese.")
    kind: ProductKind = asked("What it is; it never changes.")
    category: str = asked("A category's slug.")
    variants: list[VariantInput] = asked("What can be bought of it; of a bundle exactly one.")
    components: list[ComponentInput] | None = asked("What a bundle consists of.", default=None)
    description: str | None = asked("What it is, in plain text.", default=None)
    brand: str | None = asked("The brand.", default=None)
    name_en: str | None = asked("The name in English.", default=None)
    account_template: JSON | None = asked("What the buyer must enter, as JSON Schema.", default=None)


@strawberry.input(description="What changes of a product; what is left out stays.")
class UpdateProductInput:
    """What changes of a product."""

    slug: str = asked("The product's slug.")
    name: str | None = asked("The name in Chinese.", default=None)
    description: str | None = asked("What it is, in plain text.", default=None)
    category: str | None = asked("A category's slug.", default=None)
    brand: str | None = asked("The brand.", default=None)
    published: bool | None = asked("Whether it is on sale.", default=None)
    name_en: str | None = asked("The name in English.", default=None)
    account_template: JSON | None = asked("What the buyer must enter, as JSON Schema.", default=None)


@strawberry.input(description="A variant for a product that exists.")
class AddVariantInput:
    """A variant and its product."""

    product: str = asked("The product's slug.")
    variant: VariantInput = asked("The variant.")


@strawberry.input(description="What changes of a variant; what is left out stays.")
class UpdateVariantInput:
    """What changes of a variant."""

    sku: str = asked("The variant's SKU.")
    name: str | None = asked("The name beside the product's.", default=None)
    list_price: MoneyInput | None = asked("The price that the brand recommends.", default=None)
    cost: MoneyInput | None = asked("The supplier's price.", default=None)
    face: MoneyInput | None = asked("What a top-up credits.", default=None)
    valid_days: int | None = asked("For how many days a card can be used.", default=None)
    published: bool | None = asked("Whether it is on sale.", default=None)
