"""A plan in words: where each field comes from, what is awaited, who may ask, and what falls back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from domain.selected import Selected
from schema.engine.compiled.plan import Plan
from schema.engine.compiled.selecting import Selecting
from schema.engine.compiled.sources import Source
from schema.engine.compiled.tree import Asked, Choice, Selection
from schema.engine.compiled.values import shown_class
from schema.engine.documents import Operation

Columns = Callable[[type, Selected], str | None]
"""From a view of the domain and what is selected of it to what its statement reads and joins; None where
it is not read by selection.
"""


def attributes(view: type, selected: Selected) -> str | None:
    """The same without knowing any statement: the attributes, and the relations that may be joined."""
    joins = [f"joins {name} ({attributes(view, below)})" for name, below in selected.below]
    own = "everything" if selected.attributes is None else " ".join(sorted(selected.attributes))
    return ", ".join([own, *joins])


def explain(operation: Operation, plan: Plan | str, columns: Columns = attributes) -> str:
    """One operation: its tree with a line for each field that has one below it or is fetched."""
    head = f"{operation.kind} {operation.name or '(without a name)'}"
    if isinstance(plan, str):
        return f"{head}\n  fallback: graphql-core, because of: {plan}"
    lines = [head, *(f"  {line}" for line in _Lines(columns).of(plan.tree))]
    functions = sum(_is_fetched(asked.source) for one in plan.tree.walk() for asked in one.fields)
    levels = sum(one.waits for one in plan.tree.walk())
    lines.append(f"  levels: {levels}")
    lines.append(f"  statements: {functions} at most, one for each function that is awaited")
    lines.append(f"  audiences: {', '.join(sorted(plan.requires)) or 'all'}")
    lines.append("  fallback: none")
    return "\n".join(lines)


class _Lines:
    """The lines of a tree; what is spread in several places is written once."""

    def __init__(self, columns: Columns) -> None:
        self._columns, self._selecting = columns, Selecting(lambda hint, _value: hint)
        self._seen: set[int] = set()

    def of(self, selection: Selection) -> Iterator[str]:
        if selection.number in self._seen:
            yield "(as above)"
            return
        self._seen.add(selection.number)
        fetched = [asked for asked in selection.fields if asked.below or _is_fetched(asked.source)]
        plain = [asked.key for asked in selection.fields if asked not in fetched]
        if plain:
            yield " ".join(plain)
        for asked in fetched:
            yield f"{asked.key}: {_origin(asked)}"
            reads = self._reads(asked)
            if reads is not None:
                yield f"  reads {reads}"
            yield from (f"  {line}" for line in self._below(asked))

    def _below(self, asked: Asked) -> Iterator[str]:
        if isinstance(asked.below, Choice):
            for name, option in asked.below.options.items():
                if option.fields:
                    yield f"on {name}"
                    yield from (f"  {line}" for line in self.of(option))
        elif asked.below is not None:
            yield from self.of(asked.below)

    def _reads(self, asked: Asked) -> str | None:
        """What the statement of a field reads for it and joins to it, where it goes by what is selected."""
        if asked.source is None or not asked.source.takes_selected:
            return None
        below = _items(asked.below)
        view = shown_class(below.type) if isinstance(below, Selection) else None
        return None if view is None else self._columns(view, self._selecting.of(below))


def _items(below: Selection | Choice | None) -> Selection | Choice | None:
    """The selection of a page's items, where one is selected of a page."""
    for name in ("edges", "node"):
        for asked in below.fields if isinstance(below, Selection) else ():
            if asked.source is not None and asked.source.name == name:
                below = asked.below
    return below


def _origin(asked: Asked) -> str:
    source = asked.source
    if source is None:
        return "type name"
    where = (
        source.name if source.function is None else f"{source.function.__module__}.{source.function.__name__}"
    )
    said = ", ".join(argument.name.value for argument in asked.nodes[0].arguments or ())
    needs = "" if source.permission is None else f", needs {source.permission}"
    return f"{source.kind} {where}{f'({said})' if said else ''}{needs}"


def _is_fetched(source: Source | None) -> bool:
    return source is not None and source.waits
