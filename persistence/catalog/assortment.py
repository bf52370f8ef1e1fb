"""The catalogue in a unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.catalog.records import CategoryRecord, ProductRecord, VariantRecord
from persistence.catalog.account_templates import SchemaTemplates
from persistence.statements import Statement

if TYPE_CHECKING:
    from asyncpg import Record

    from persistence.work import Work

_CATEGORY = Statement("SELECT id FROM category WHERE slug = :slug")
_ADD_CATEGORY = Statement(
    """INSERT INTO category (id, slug, name, name_en, position)
       VALUES (:id, :slug, :name, :name_en, :position) ON CONFLICT (slug) DO NOTHING RETURNING true"""
)
_PRODUCT = Statement("SELECT * FROM product WHERE slug = :slug")
_ADD_PRODUCT = Statement(
    """INSERT INTO product (id, slug, name, name_en, description, brand, kind, category_id, account_template,
                            published)
       VALUES (:id, :slug, :name, :name_en, :description, :brand, :kind, :category_id, :account_template,
               :published)
       ON CONFLICT (slug) DO NOTHING RETURNING true"""
)
_KEEP_PRODUCT = Statement(
    """UPDATE product SET name = :name, name_en = :name_en, description = :description, brand = :brand,
              category_id = :category_id, account_template = :account_template, published = :published
       WHERE id = :id"""
)
_VARIANTS = Statement(
    """SELECT v.*, p.slug, p.name AS product_name, p.name_en, p.description, p.brand, p.kind, p.category_id,
              p.account_template, p.published AS product_published
       FROM variant v JOIN product p ON p.id = v.product_id WHERE v.sku = ANY (CAST(:skus AS text[]))"""
)
_ADD_VARIANT = Statement(
    """INSERT INTO variant (id, product_id, sku, name, position, currency, list_minor, cost_minor, face_minor,
                            valid_days, secret_pattern, published, settings)
       VALUES (:id, :product_id, :sku, :name, :position, :currency, :list_minor, :cost_minor, :face_minor,
               :valid_days, :secret_pattern, :published, :settings)
       ON CONFLICT (sku) DO NOTHING RETURNING true"""
)
_KEEP_VARIANT = Statement(
    """UPDATE variant SET name = :name, list_minor = :list_minor, cost_minor = :cost_minor,
              face_minor = :face_minor, valid_days = :valid_days, published = :published WHERE id = :id"""
)
_LEAST = Statement(
    """UPDATE product SET least_list_minor =
              coalesce((SELECT min(list_minor) FROM variant WHERE product_id = :id AND published), 0)
       WHERE id = :id"""
)
_ADD_COMPONENT = Statement(
    """INSERT INTO component (bundle_id, variant_id, quantity, position)
       VALUES (:bundle_id, :variant_id, :quantity, :position)"""
)
_TEMPLATES = SchemaTemplates()


class StoredAssortment:
    """Products, variants and categories as this transaction sees them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @property
    def account_templates(self) -> SchemaTemplates:
        """What checks templates and accounts."""
        return _TEMPLATES

    async def category_id(self, slug: str) -> UUID | None:
        """A category by its slug."""
        if "\0" in slug:
            return None
        found: UUID | None = await _CATEGORY.value(self._work.connection, slug=slug)
        return found

    async def add_category(self, category: CategoryRecord) -> bool:
        """Keep a new category."""
        return bool(await _ADD_CATEGORY.value(self._work.connection, **asdict(category)))

    async def product(self, slug: str) -> ProductRecord | None:
        """A product by its slug, published or not."""
        row = await _PRODUCT.one(self._work.connection, slug=slug) if "\0" not in slug else None
        return _product(row, row["id"], row["name"], row["published"]) if row else None

    async def add_product(self, product: ProductRecord) -> bool:
        """Keep a new product."""
        return bool(await _ADD_PRODUCT.value(self._work.connection, **asdict(product)))

    async def keep_product(self, product: ProductRecord) -> None:
        """Keep what changed of a product."""
        await _KEEP_PRODUCT.run(self._work.connection, **asdict(product))

    async def variants(self, skus: Sequence[str]) -> dict[str, tuple[VariantRecord, ProductRecord]]:
        """Variants by SKU with their products."""
        asked = [sku for sku in skus if "\0" not in sku]
        rows = await _VARIANTS.all(self._work.connection, skus=asked)
        return {
            row["sku"]: (
                _variant(row),
                _product(row, row["product_id"], row["product_name"], row["product_published"]),
            )
            for row in rows
        }

    async def add_variants(self, variants: Sequence[VariantRecord]) -> str | None:
        """Keep new variants; the first SKU in use, or None."""
        for variant in variants:
            if not await _ADD_VARIANT.value(self._work.connection, **_values(variant)):
                return variant.sku
        for product_id in {variant.product_id for variant in variants}:
            await _LEAST.run(self._work.connection, id=product_id)
        return None

    async def keep_variant(self, variant: VariantRecord) -> None:
        """Keep what changed of a variant."""
        await _KEEP_VARIANT.run(self._work.connection, **_values(variant))
        await _LEAST.run(self._work.connection, id=variant.product_id)

    async def add_components(self, bundle_id: UUID, components: Sequence[tuple[UUID, int]]) -> None:
        """Keep what a bundle consists of."""
        await _ADD_COMPONENT.many(
            self._work.connection,
            [
                {"bundle_id": bundle_id, "variant_id": variant_id, "quantity": quantity, "position": at}
                for at, (variant_id, quantity) in enumerate(components)
            ],
        )


def _values(variant: VariantRecord) -> dict[str, Any]:
    return asdict(variant)


def _product(row: Record, own: UUID, name: str, published: bool) -> ProductRecord:
    return ProductRecord(
        own,
        row["slug"],
        name,
        row["kind"],
        row["category_id"],
        row["name_en"],
        row["description"],
        row["brand"],
        row["account_template"],
        published,
    )


def _variant(row: Record) -> VariantRecord:
    return VariantRecord(
        row["id"],
        row["product_id"],
        row["sku"],
        row["name"],
        row["list_minor"],
        row["currency"],
        row["position"],
        row["cost_minor"],
        row["face_minor"],
        row["valid_days"],
        row["secret_pattern"],
        row["published"],
        row["settings"],
    )
