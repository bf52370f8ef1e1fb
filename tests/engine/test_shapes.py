"""Shapes: a known attribute reads its columns, an unknown one everything, and nothing unread is looked at."""

from __future__ import annotations

from uuid import uuid4

import pytest
from graphql import GraphQLObjectType

import server
from domain.selected import ALL, Selected
from persistence.orders.shapes import ORDER
from persistence.selecting.shapes import SHAPES, Shape, part
from persistence.selecting.variants import Chosen
from persistence.tables.orders import orders
from schema.engine.compiled.execution import CompiledExecution
from schema.engine.compiled.values import shown_class


def test_fields_of_what_is_read_by_selection_say_what_they_look_at() -> None:
    schema = server.build_schema()
    sources = CompiledExecution(schema).sources
    silent, unknown, seen = [], [], set()
    for type_ in schema._schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType):
            continue
        view = shown_class(type_)
        shape = None if view is None else SHAPES.get(view)
        for name in type_.fields if shape is not None else ():
            seen.add(type_.name)
            reads = sources.of(type_, name).reads
            if reads is None:
                silent.append(f"{type_.name}.{name}")
            elif shape is not None and not reads <= shape.parts.keys() | shape.properties.keys():
                unknown.append(f"{type_.name}.{name}")
    assert (silent, unknown) == ([], [])
    assert seen >= {"Order", "OrderLine", "Payment", "Card", "Refund", "Channel", "Agent"}


def test_what_is_not_known_reads_everything_and_what_is_not_read_cannot_be_looked_at() -> None:
    shape = ORDER
    whole = shape.key_of(ALL, ())
    assert whole[0] == tuple(shape.parts)
    assert shape.key_of(Selected(frozenset({"id", "no_column"})), ()) == whole
    small = Chosen(shape, shape.key_of(Selected(frozenset({"number"})), ("id",)))
    order_id = uuid4()
    order = small.reader()((order_id, "N1"))
    assert (order.id, order.number) == (order_id, "N1")
    with pytest.raises(AttributeError):
        _ = order.total
    aliased = Shape(ORDER.view, orders.alias("x"), {"id": part("id")})
    assert "FROM orders AS x" in str(Chosen(aliased, aliased.key_of(ALL, ())).select())
