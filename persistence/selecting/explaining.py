"""What the statements of a plan read, in words: the columns of each shape and the relations it joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from persistence.selecting.shapes import SHAPES, Key, Shape

if TYPE_CHECKING:
    from domain.selected import Selected


def columns(view: type, selected: Selected) -> str | None:
    """`o.id o.number, joins channel (och.id och.code)`; None for views that are not read by selection."""
    shape = SHAPES.get(view)
    return None if shape is None else _said(shape, shape.key_of(selected, ("id",)))


def _said(shape: Shape[Any], key: Key) -> str:
    attributes, attached, relations = key
    parts = [shape.parts[name] for name in attributes] + [shape.attached[name] for name in attached]
    own: list[Any] = shape.columns_of(parts)
    joins = [f"joins {name} ({_said(shape.relations[name].shape, below)})" for name, below in relations]
    return ", ".join([" ".join(f"{one.table.name}.{one.name}" for one in own), *joins])
