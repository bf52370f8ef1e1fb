"""Inputs made from the schema: valid in all, with one field that names an object of one's choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_required_input_field,
)

from tests.house.sdl import audience_of
from tests.permissions.picks import is_node

BY_NAME: dict[str, str] = {
    "channel": "Channel", "parent": "Channel", "product": "Product", "slug": "Product",
    "category": "Category", "variant": "Variant", "sku": "Variant",
}  # fmt: skip
"""Fields that name an object by code, slug or SKU."""
BY_ID: dict[str, str] = {
    "orderId": "Order", "cardId": "Card", "shipmentId": "Shipment", "entitlementId": "Entitlement",
    "redemptionId": "Redemption", "refundId": "Refund", "depositRequestId": "DepositRequest",
    "promotionId": "Promotion", "batchId": "CouponBatch", "customerId": "Customer",
}  # fmt: skip
"""Fields that name one by its id; a plain `id` is of what the mutation answers."""
NEW = frozenset({"CreateProductInput.slug", "CreateCategoryInput.slug", "VariantInput.sku"})
"""Names that something new is given."""
WORDS = {"tier": "SHOP", "mode": "PERCENT", "method": "SANDBOX", "kind": "PURCHASE", "outcome": "SUCCEEDED"}
TEXTS: dict[str, Callable[[], Any]] = {
    "value": lambda: "101", "amount": lambda: "20.00", "password": lambda: "correct horse battery",
    "email": lambda: f"{uuid4().hex}@shop.example", "phone": lambda: "13800138000", "quantity": lambda: 1,
    "identifier": lambda: "13800138000",
    "settings": lambda: {"components": {"MGTV-1M": 2}, "price_minor": 100},
}  # fmt: skip
ALWAYS = frozenset({"contact"})
"""What guests must say, though the schema cannot require it of all."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of an input that names an object: its place in the input, and the type of the object."""

    path: tuple[str, ...]
    type: str
    required: bool
    by_name: bool


@dataclass(frozen=True)
class Verb:
    """A mutation: what it asks for, and which of it names objects."""

    name: str
    field: GraphQLField
    schema: GraphQLSchema

    @property
    def input(self) -> GraphQLInputObjectType | None:
        """The type of its one argument."""
        if "input" not in self.field.args:
            return None
        type_ = get_named_type(self.field.args["input"].type)
        assert isinstance(type_, GraphQLInputObjectType)
        return type_

    @property
    def uploads(self) -> bool:
        """Whether it takes a file, which no JSON holds."""
        return self.input is not None and "file" in self.input.fields

    @property
    def answers(self) -> str:
        """The type of what it changes."""
        union = get_named_type(self.field.type)
        assert isinstance(union, GraphQLUnionType)
        return str(next((type_.name for type_ in union.types if is_node(type_)), union.types[0].name))

    def references(self) -> list[Reference]:
        """Every field that names an object, down to the objects in required lists."""
        return [] if self.input is None else list(self._references(self.input, ()))

    def _references(self, type_: GraphQLInputObjectType, above: tuple[str, ...]) -> Iterator[Reference]:
        for name, field in type_.fields.items():
            inner, required = get_named_type(field.type), is_required_input_field(field)
            path = (*above, name)
            if isinstance(inner, GraphQLInputObjectType):
                if required:
                    yield from self._references(inner, path)
            elif f"{type_.name}.{name}" in NEW or is_list_type(get_nullable_type(field.type)):
                continue
            elif name in BY_NAME and inner.name == "String":
                yield Reference(path, BY_NAME[name], required, by_name=True)
            elif name in BY_ID or (name == "id" and inner.name == "ID"):
                yield Reference(path, BY_ID.get(name, self.answers), required, by_name=False)

    @property
    def permission(self) -> str | None:
        """What its declaration asks for."""
        return audience_of(self.field).permission

    def said(self, named: dict[tuple[str, ...], str]) -> dict[str, Any]:
        """An input in which the fields at these paths name these objects, or have these values."""
        assert self.input is not None
        return object_of(self.input, named)


def object_of(
    type_: GraphQLInputObjectType, named: dict[tuple[str, ...], str], above: tuple[str, ...] = ()
) -> dict[str, Any]:
    """An input with all that it has to have, and at some paths the given values."""
    made: dict[str, Any] = {}
    for name, field in type_.fields.items():
        path, inner = (*above, name), get_named_type(field.type)
        on_the_way = any(one[: len(path)] == path for one in named)
        if path in named:
            made[name] = named[path]
        elif is_required_input_field(field) or name in ALWAYS or on_the_way:
            value = (
                object_of(inner, named, path)
                if isinstance(inner, GraphQLInputObjectType)
                else _leaf(name, inner)
            )
            made[name] = [value] if is_list_type(get_nullable_type(field.type)) else value
        elif name in TEXTS and above[-1:] == ("contact",):
            made[name] = TEXTS[name]()
    return made


def _leaf(name: str, type_: Any) -> Any:
    if isinstance(type_, GraphQLEnumType):
        return WORDS[name] if WORDS.get(name) in type_.values else next(iter(type_.values))
    if type_.name in ("Int", "Boolean"):
        return 1 if type_.name == "Int" else True
    return TEXTS[name]() if name in TEXTS else f"x{uuid4().hex[:20]}"
