"""Compares an answer with what the declarations and the tree say of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.permissions.picks import Pick
from tests.permissions.principals import Principal
from tests.permissions.things import Things, concerns, sees

Path = tuple[str | int, ...]

NAMED_FROM_ABOVE = frozenset({"PriceRule"})
"""A price trace names the rule of the channel above that made a price: its id and version, and no more."""


@dataclass
class Judge:
    """What one principal may be answered; `findings` is what is wrong."""

    principal: Principal
    things: Things
    findings: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Coordinates of fields that were answered with a value."""
    denied: dict[tuple[str, ...], list[Path]] = field(default_factory=lambda: defaultdict(list))

    def object(self, value: dict[str, Any], picks: Iterable[Pick], path: Path) -> None:
        """An object that the principal was given."""
        for pick in picks:
            self.field(value[pick.name], pick, (*path, pick.name))

    def field(self, value: Any, pick: Pick, path: Path) -> None:
        """A field of it: null and denied, or a value in which nothing is foreign."""
        if pick.permission is not None and pick.permission not in self.principal.permissions:
            self.deny(path)
            if value is not None:
                self.find(path, "is told to somebody without the permission")
            return
        if value is not None and value != []:
            self.seen.add(pick.coordinate)
        for item, place in flat(value, path):
            if pick.is_node and not pick.below:
                self.known(item, place)
            elif pick.below:
                self.object(item, pick.below, place)

    def known(self, item: dict[str, Any], path: Path) -> None:
        """An object that is named inside another: it has to concern the principal too."""
        thing = self.things.by_text.get(item["id"])
        if thing is None or thing.type != item["__typename"]:
            self.find(path, f"names {item}, which is not in the database")
        elif (
            not thing.is_goods and thing.type not in NAMED_FROM_ABOVE and not concerns(self.principal, thing)
        ):
            self.find(path, f"names {thing.type} of {thing.place}, which is out of scope")

    def deny(self, path: Path) -> None:
        """Expect the error of a field, once for all of its places."""
        self.denied[without_numbers(path)].append(path)

    def errors(self, errors: list[dict[str, Any]]) -> None:
        """Exactly one error for each denied field of the document, and no other."""
        found = Counter(without_numbers(error["path"]) for error in errors)
        for key in found.keys() | self.denied.keys():
            if found[key] != (key in self.denied):
                self.find(key, f"has {found[key]} errors")
        for error in errors:
            code, path = error["extensions"]["code"], tuple(error["path"])
            if code != self.principal.code_of_denial:
                self.find(path, f"fails with {code}: {error['message']}")
            if path not in self.denied[without_numbers(path)]:
                self.find(path, "is not where the error belongs")

    def find(self, path: Iterable[Any], what: str) -> None:
        """Say what is wrong."""
        self.findings.append(f"{self.principal.name}: {'.'.join(map(str, path))} {what}")


def flat(value: Any, path: Path) -> Iterator[tuple[Any, Path]]:
    """The items of a value, of a list or of lists in it, each with its path; nothing of null."""
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from flat(item, (*path, at))
    elif value is not None:
        yield value, path


def without_numbers(path: Iterable[str | int]) -> tuple[str, ...]:
    """The field of the document that a path leads to."""
    return tuple(part for part in path if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class Alike:
    """Whether two principals of one channel are told the same, where both may know it."""

    one: Principal
    other: Principal
    things: Things

    def differing(self, value: Any, reference: Any, pick: Pick, path: Path) -> Iterator[str]:
        """Where they are not."""
        if pick.permission is not None and not (
            pick.permission in self.one.permissions and pick.permission in self.other.permissions
        ):
            return
        if pick.is_node and not pick.below:
            yield from self._nodes(value, reference, path)
        elif isinstance(value, list) and isinstance(reference, list) and pick.below:
            value, reference = self._shown(value), self._shown(reference)
            if len(value) != len(reference):
                yield f"{path}: {len(value)} items, and {len(reference)} for {self.other.name}"
            for at, pair in enumerate(zip(value, reference, strict=False)):
                yield from self._objects(*pair, pick, (*path, at))
        elif isinstance(value, dict) and isinstance(reference, dict) and pick.below:
            yield from self._objects(value, reference, pick, path)
        elif value != reference:
            yield f"{path}: {value!r}, and {reference!r} for {self.other.name}"

    def _objects(self, value: Any, reference: Any, pick: Pick, path: Path) -> Iterator[str]:
        for below in pick.below:
            yield from self.differing(value[below.name], reference[below.name], below, (*path, below.name))

    def _shown(self, items: list[Any]) -> list[Any]:
        """Items, without the edges to what one of the two may not see."""
        return [item for item in items if not (isinstance(item, dict) and "node" in item) or self._both(item)]

    def _both(self, edge: dict[str, Any]) -> bool:
        node = edge["node"] or {}
        thing = self.things.by_text.get(node.get("id", ""))
        return thing is None or (sees(self.one, thing) and sees(self.other, thing))

    def _nodes(self, value: Any, reference: Any, path: Path) -> Iterator[str]:
        found = {item["id"] for item, _ in flat(value, path)}
        known = {item["id"] for item, _ in flat(reference, path)}
        for text in found ^ known:
            thing = self.things.by_text.get(text)
            if thing is None or (sees(self.one, thing) and sees(self.other, thing)):
                yield f"{path}: {text} is told to one of {self.one.name} and {self.other.name} only"
