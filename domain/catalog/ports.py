"""What the catalogue needs of the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.catalog.listing import ProductFilter, ProductSort
    from domain.catalog.records import CategoryRecord, ProductRecord, VariantRecord
    from domain.catalog.views import CategoryView, ComponentView, ProductView, VariantView
    from domain.channels.views import PriceStepView
    from domain.money import Money
    from domain.paging import Page, PageRequest


class AccountTemplates(Protocol):
    """JSON Schemas that say what a buyer must enter, such as a phone number."""

    def flaw(self, template: Any) -> str | None:
        """Why a template cannot be used, in a sentence; None when it can."""

    def problem(self, template: dict[str, Any], account: Any) -> str | None:
        """What is wrong with an account that was entered, never repeating it; None when nothing is."""


class Assortment(Protocol):
    """Products, variants and categories, for changing them."""

    @property
    def account_templates(self) -> AccountTemplates:
        """What checks templates and accounts."""

    async def category_id(self, slug: str) -> UUID | None:
        """A category by its slug."""

    async def add_category(self, category: CategoryRecord) -> bool:
        """Keep a new category; False when its slug is in use."""

    async def product(self, slug: str) -> ProductRecord | None:
        """A product by its slug, published or not."""

    async def add_product(self, product: ProductRecord) -> bool:
        """Keep a new product; False when its slug is in use."""

    async def keep_product(self, product: ProductRecord) -> None:
        """Keep what changed of a product."""

    async def variants(self, skus: Sequence[str]) -> dict[str, tuple[VariantRecord, ProductRecord]]:
        """Variants by SKU with their products, published or not."""

    async def add_variants(self, variants: Sequence[VariantRecord]) -> str | None:
        """Keep new variants; the first SKU that is in use, or None."""

    async def keep_variant(self, variant: VariantRecord) -> None:
        """Keep what changed of a variant."""

    async def add_components(self, bundle_id: UUID, components: Sequence[tuple[UUID, int]]) -> None:
        """Keep what a bundle consists of: variants and how many of each."""


class CatalogReads(Protocol):
    """What requests read of the catalogue; what the caller's channel does not show is not there."""

    async def products(
        self, caller: Caller, wanted: ProductFilter, sort: ProductSort, request: PageRequest
    ) -> Page[ProductView]:
        """A page of products."""

    async def product(self, caller: Caller, slug: str) -> ProductView | None:
        """A product by its slug."""

    async def variant(self, caller: Caller, sku: str) -> VariantView | None:
        """A variant by its SKU."""

    async def categories(self, caller: Caller) -> list[CategoryView]:
        """The categories in their order."""

    async def categories_of(self, caller: Caller, products: Sequence[ProductView]) -> list[CategoryView]:
        """Each product's category."""

    async def variants_of(self, caller: Caller, products: Sequence[ProductView]) -> list[list[VariantView]]:
        """Each product's variants that show."""

    async def components_of(
        self, caller: Caller, products: Sequence[ProductView]
    ) -> list[list[ComponentView]]:
        """What each product consists of; empty for all but bundles."""

    async def products_of(self, caller: Caller, variants: Sequence[VariantView]) -> list[ProductView]:
        """Each variant's product."""

    async def variants_by_ids(self, caller: Caller, ids: Sequence[UUID]) -> list[VariantView | None]:
        """Variants that something the caller may see refers to, whether they show or not."""

    async def stock_of(self, caller: Caller, variants: Sequence[VariantView]) -> list[int | None]:
        """How many of each can be sold; None where nothing limits it."""

    async def purchase_prices(
        self, caller: Caller, variants: Sequence[VariantView], channel: str | None
    ) -> list[Money | None]:
        """What the caller's channel, or the one below it with this code, pays; None for all out of scope."""

    async def price_traces(
        self, caller: Caller, variants: Sequence[VariantView], channel: str | None
    ) -> list[list[PriceStepView] | None]:
        """How the prices of that channel came about, as far as the caller may know."""

    async def node(
        self, caller: Caller, type_name: str, id: UUID
    ) -> ProductView | VariantView | CategoryView | None:
        """A product, variant or category by its id."""
