"""What is shown of the catalogue, priced for the channel that asked.

Views with `written` are shared between requests for as long as the prices hold, and nobody changes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.kept import Written
from domain.money import Money


@dataclass(slots=True)
class CategoryView:
    """A category with what the asking channel shows of it."""

    id: UUID
    slug: str
    name: str
    name_en: str
    product_count: int = 0
    written: Written | None = field(default=None, repr=False, compare=False)


@dataclass(slots=True)
class ProductView:
    """A product; `glance` is the price book of the channel that asked, which its variants are priced with."""

    id: UUID
    slug: str
    name: str
    name_en: str
    description: str | None
    brand: str | None
    kind: str
    category_id: UUID
    account_template: dict[str, Any] | None
    published: bool
    glance: Any = field(default=None, repr=False, compare=False)
    places: dict[str, tuple[Any, str]] = field(default_factory=dict, repr=False, compare=False)
    """By sort: the key that it was found under last, and the cursor that says so."""
    written: Written | None = field(default=None, repr=False, compare=False)


@dataclass(slots=True)
class VariantView:
    """A variant with its prices for one piece in the channel that asked."""

    id: UUID
    product_id: UUID
    sku: str
    name: str
    list_price: Money
    face: Money | None
    price: Money | None
    """None where it is not sellable."""
    floor_price: Money | None
    margin: Money | None
    cost: Money | None
    valid_days: int | None
    published: bool
    settings: dict[str, Any]
    sells: bool = True
    """Whether the channel may sell it at that price at all."""
    glance: Any = field(default=None, repr=False, compare=False)
    written: Written | None = field(default=None, repr=False, compare=False)


@dataclass(slots=True)
class ComponentView:
    """One component of a bundle."""

    quantity: int
    variant: VariantView
