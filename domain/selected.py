"""What of a view a document needs, so that a read fetches that and no more; and objects that it joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Selected:
    """The attributes of a view that are needed, and what is needed of the objects right below it.

    Below is what belongs to the view itself: objects that are attributes, and to-one relations that a read
    may join. What is fetched by a statement of its own has a `Selected` of its own.
    """

    attributes: frozenset[str] | None = None
    """None for every one."""
    below: tuple[tuple[str, Selected], ...] = ()
    """By attribute or relation, sorted; by type name where objects may be of several types."""

    @classmethod
    def of(cls, attributes: frozenset[str] | None, below: Mapping[str, Selected]) -> Selected:
        """Made so that equal needs are equal."""
        return cls(attributes, tuple(sorted(below.items())) if below else ())

    def joins(self, name: str) -> Selected | None:
        """What is needed of a relation; None where it is not selected."""
        for key, value in self.below:
            if key == name:
                return value
        return None

    def at(self, *names: str) -> Selected:
        """What is needed at the end of a path: nothing where the path is not selected."""
        found = self
        for name in names:
            below = found.joins(name)
            if below is None:
                return ALL if found.attributes is None else NOTHING
            found = below
        return found

    def without(self, name: str) -> Selected:
        """The same without a relation, for who attaches its objects himself."""
        return Selected(self.attributes, tuple(one for one in self.below if one[0] != name))

    @property
    def nodes(self) -> Selected:
        """What is needed of the items of a page."""
        return self.at("edges", "node")

    def __or__(self, other: Selected) -> Selected:
        both = self.attributes, other.attributes
        attributes = None if both[0] is None or both[1] is None else both[0] | both[1]
        below = dict(self.below)
        for name, value in other.below:
            below[name] = below[name] | value if name in below else value
        return Selected.of(attributes, below)


ALL: Final = Selected()
"""Every attribute, and nothing joined: what is read where nobody knows what is selected."""
NOTHING: Final = Selected(frozenset())
UNREAD: Final = object()
"""In the place of an object that was not joined."""


class Joining:
    """A view to which a read may attach the objects of relations that it has joined."""

    __slots__ = ("joined",)
    joined: Mapping[str, Any]


def attach(view: Joining, **objects: Any) -> None:
    """Say which objects a view's relations lead to; None for one that the caller may not see."""
    # Views are frozen, and this is no part of their value.
    object.__setattr__(view, "joined", objects)


def joined_of(view: Any, relation: str) -> Any:
    """The object of a relation, or UNREAD."""
    joined = getattr(view, "joined", None)
    return UNREAD if joined is None else joined.get(relation, UNREAD)
