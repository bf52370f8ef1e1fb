"""A plan in words: where each field comes from, what is awaited, who may ask, and what falls back."""

from __future__ import annotations

from collections.abc import Iterator

from schema.engine.compiled.plan import Plan
from schema.engine.compiled.sources import Source
from schema.engine.compiled.tree import Asked, Choice, Selection
from schema.engine.documents import Operation


def explain(operation: Operation, plan: Plan | str) -> str:
    """One operation: its tree with a line for each field that has one below it or is fetched."""
    head = f"{operation.kind} {operation.name or '(without a name)'}"
    if isinstance(plan, str):
        return f"{head}\n  fallback: graphql-core, because of: {plan}"
    lines = [head, *(f"  {line}" for line in _lines(plan.tree, set()))]
    functions = sum(_is_fetched(asked.source) for one in plan.tree.walk() for asked in one.fields)
    levels = sum(one.waits for one in plan.tree.walk())
    lines.append(f"  levels: {levels}")
    lines.append(f"  statements: {functions} at most, one for each function that is awaited")
    lines.append(f"  audiences: {', '.join(sorted(plan.requires)) or 'all'}")
    lines.append("  fallback: none")
    return "\n".join(lines)


def _lines(selection: Selection, seen: set[int]) -> Iterator[str]:
    if selection.number in seen:
        yield "(as above)"
        return
    seen.add(selection.number)
    plain = [asked.key for asked in selection.fields if asked.below is None and not _is_fetched(asked.source)]
    if plain:
        yield " ".join(plain)
    for asked in selection.fields:
        if asked.below is not None or _is_fetched(asked.source):
            yield f"{asked.key}: {_origin(asked)}"
            yield from (f"  {line}" for line in _below(asked, seen))


def _below(asked: Asked, seen: set[int]) -> Iterator[str]:
    if isinstance(asked.below, Choice):
        for name, option in asked.below.options.items():
            if option.fields:
                yield f"on {name}"
                yield from (f"  {line}" for line in _lines(option, seen))
    elif asked.below is not None:
        yield from _lines(asked.below, seen)


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
