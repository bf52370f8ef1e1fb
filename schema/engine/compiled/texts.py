"""What of an object does not change is written once: views that say so keep its text for later requests."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from graphql import FieldNode, GraphQLObjectType, Node, VariableNode

from schema.engine.codec import TextCodec
from schema.engine.compiled.shapes import function_name
from schema.engine.compiled.tree import Asked, Selection, selections_of
from schema.engine.compiled.values import shown_class

_numbers = itertools.count()
"""A number for each place of each plan, under which objects keep its text."""


class Texts:
    """Writes, for one plan, the code that takes an object's texts from the object, or makes and keeps them.

    Those of a document that is asked once are not worth keeping, so a plan keeps them from a run on.
    """

    def __init__(self, codec: TextCodec, keeps_from: int) -> None:
        self.environment = {"text": codec.text, "written": codec.written, "plan": self}
        self.is_used = False
        """Whether the data may hold values that only the codec can read."""
        self.runs = 0
        self._keeps_from = keeps_from

    def kept(self, place: Any, number: int, text: Any, size: int) -> Any:
        """A text of `size` bytes, kept for later requests if this plan is run often."""
        if self.runs >= self._keeps_from:
            place.keep(number, text, size)
        return text

    def of(self, selection: Selection, value_of: Callable[[Asked], str]) -> tuple[str, list[str]]:
        """An expression for the object `o`, and the lines of the function that writes what stays of it."""
        number, name = next(_numbers), f"still_{function_name(selection)}"
        runs, others = _runs_of(selection)
        texts = []
        for run, (before, after) in zip(runs, _joints(runs, others), strict=True):
            items = ", ".join(f"{asked.key!r}: {value_of(asked)}" for asked in run)
            texts.append(f"{before!r} + text({{{items}}})[1:-1] + {after!r}" if run else repr(before + after))
        lines = [f"def {name}(o, v):", f"    t = ({', '.join(texts)},)"]
        made = "t" if others else "written(t[0])"
        lines.append(f"    return plan.kept(o.written, {number}, {made}, sum(map(len, t)))")
        self.is_used = True
        still = f"(o.written.get({number}) or {name}(o, v))"
        if not others:
            return still, lines
        parts = [f"t[{at}] + text({value_of(asked)})" for at, asked in enumerate(others)]
        parts[0] = parts[0].replace("t[0]", f"(t := {still})[0]", 1)
        return f"written({' + '.join(parts)} + t[{len(others)}])", lines


def remembers(type_: GraphQLObjectType) -> bool:
    """Whether objects of a type have a place to keep texts in."""
    shown = shown_class(type_)
    return is_dataclass(shown) and any(one.name == "written" for one in fields(shown))


def _runs_of(selection: Selection) -> tuple[list[list[Asked]], list[Asked]]:
    """The fields that stay, between those that do not: always one run more than there are others."""
    runs: list[list[Asked]] = [[]]
    others: list[Asked] = []
    for asked in selection.fields:
        if _stays(asked):
            runs[-1].append(asked)
        else:
            others.append(asked)
            runs.append([])
    return runs, others


def _stays(asked: Asked) -> bool:
    """Whether a field of such an object is the same in every request: nothing is awaited for it, and no
    variable reaches it.
    """
    if asked.waits or any(map(_has_variables, asked.nodes)):
        return False
    return all(_stays(one) for below in selections_of(asked) for one in below.fields)


def _joints(runs: list[list[Asked]], others: list[Asked]) -> list[tuple[bytes, bytes]]:
    """What is written before and after each run, so that all of it is one JSON object."""
    found = []
    for at, run in enumerate(runs):
        before = b"{" if at == 0 else b"," if run else b""
        after = b"}"
        if at < len(others):
            after = (b"," if run or at else b"") + b'"%b":' % others[at].key.encode()
        found.append((before, after))
    return found


def _has_variables(node: FieldNode) -> bool:
    """Whether a field's arguments hold variables; its directives are settled by the plan."""
    return any(isinstance(one, VariableNode) for argument in node.arguments or () for one in _walk(argument))


def _walk(node: Node) -> Iterable[Node]:
    yield node
    for key in node.keys:
        value: Any = getattr(node, key, None)
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, Node):
                yield from _walk(one)
