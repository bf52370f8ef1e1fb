"""Products and variants as they are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CategoryRecord:
    """A shelf of the catalogue; `position` is its place in the list."""

    id: UUID
    slug: str
    name: str
    name_en: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """A product without its variants."""

    id: UUID
    slug: str
    name: str
    kind: str
    category_id: UUID
    name_en: str = ""
    description: str | None = None
    brand: str | None = None
    account_template: dict[str, Any] | None = None
    published: bool = True


@dataclass(frozen=True, slots=True)
class VariantRecord:
    """A variant; amounts in minor units of its currency."""

    id: UUID
    product_id: UUID
    sku: str
    name: str
    list_minor: int
    currency: str = "CNY"
    position: int = 0
    cost_minor: int | None = None
    face_minor: int | None = None
    valid_days: int | None = None
    secret_pattern: str | None = None
    published: bool = True
    settings: dict[str, Any] = field(default_factory=dict)
