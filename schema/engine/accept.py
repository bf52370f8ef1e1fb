"""Content negotiation, because one address answers JSON in two media types, event streams and a page for
people.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
HTML = "text/html"


class MediaRange(NamedTuple):
    """One entry of an Accept header."""

    kind: str
    subkind: str
    quality: int
    """In thousandths, the precision that HTTP has."""

    def matches(self, offer: str) -> bool:
        """Whether the range covers a media type."""
        kind, _, subkind = offer.partition("/")
        return self.kind in ("*", kind) and self.subkind in ("*", subkind)

    @property
    def precision(self) -> int:
        """0 for */*, 1 for type/*, 2 for a full media type."""
        return (self.kind != "*") + (self.subkind != "*")


@lru_cache(maxsize=256)
def parse_accept(header: str) -> tuple[MediaRange, ...]:
    """The ranges in the order of the header; what cannot be read or asks for another charset is left out."""
    ranges = []
    for entry in header.split(","):
        media, *parameters = (part.strip().lower() for part in entry.split(";"))
        kind, slash, subkind = media.partition("/")
        if not (kind and slash and subkind) or (kind == "*" and subkind != "*"):
            continue
        quality, charset = 1_000, "utf-8"
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _quality(value)
            elif name.strip() == "charset":
                charset = value.strip().strip('"')
        if charset in ("utf-8", "utf8", "*"):
            ranges.append(MediaRange(kind, subkind, quality))
    return tuple(ranges)


def _quality(text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        return 0
    return round(value * 1_000) if 0.0 <= value <= 1.0 else 0


def choose(header: str | None, offers: Sequence[str]) -> str | None:
    """The offer that the client likes best, None when it takes none.

    Higher quality first, then the order of the header, then the order of the offers. No header takes
    anything.
    """
    if header is None or not header.strip():
        return offers[0]
    return _best(header, tuple(offers))


@lru_cache(maxsize=256)
def _best(header: str, offers: tuple[str, ...]) -> str | None:
    ranges = parse_accept(header)
    best: tuple[int, int, int] | None = None
    for index, offer in enumerate(offers):
        found = [(r.precision, -at, r.quality) for at, r in enumerate(ranges) if r.matches(offer)]
        if not found:
            continue
        _, at, quality = max(found)
        if quality > 0 and (best is None or (-quality, -at, index) < best):
            best = (-quality, -at, index)
    return None if best is None else offers[best[2]]


def names(header: str | None, offer: str) -> bool:
    """Whether the header asks for a media type by its type, not only through */*."""
    return any(r.matches(offer) and r.precision and r.quality > 0 for r in parse_accept(header or ""))
