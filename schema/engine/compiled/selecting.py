"""What of each level's objects is selected below it, for the functions that read them."""

from __future__ import annotations

from collections.abc import Callable

from domain.selected import ALL, NOTHING, Selected
from schema.engine.compiled.sources import Kind
from schema.engine.compiled.tree import Asked, Choice, Selection
from schema.levels import SELECTED


class Selecting:
    """Works it out for one plan, once for each of its selections.

    What a field looks at is said where its source is declared; a field of which that is not known makes
    its level read everything. A denied field is not read for.
    """

    def __init__(self, named: Callable[[str, object], str]) -> None:
        self._named = named
        self._known: dict[int, Selected] = {}

    def argument(self, asked: Asked) -> list[str]:
        """What a call says to a function that wants to know; nothing to others."""
        if asked.source is None or not asked.source.takes_selected:
            return []
        return [f"{SELECTED}={self._named(SELECTED, self.of(asked.below))}"]

    def of(self, below: Selection | Choice | None) -> Selected:
        """What is needed of the objects of a selection."""
        if below is None:
            return ALL
        found = self._known.get(below.number)
        if found is None:
            found = self._known[below.number] = self._find(below)
        return found

    def _find(self, below: Selection | Choice) -> Selected:
        if isinstance(below, Choice):
            return Selected.of(frozenset(), {name: self.of(one) for name, one in below.options.items()})
        found = NOTHING
        for asked in below.fields:
            found |= self._needs(asked)
        return found

    def _needs(self, asked: Asked) -> Selected:
        """What one field needs of its parent."""
        source = asked.source
        if source is None or asked.denied is not None:
            return NOTHING
        if asked.below is None:
            return Selected(source.reads)
        if source.kind is Kind.ATTRIBUTE or source.joined:
            return Selected.of(source.reads, {source.name: self.of(asked.below)})
        needs = Selected(source.reads)
        if source.parents_are is not None:
            needs |= self.of(asked.below).at(source.parents_are)
        return needs
