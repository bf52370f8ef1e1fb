"""How lists of products are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.refusals import BadRequest

MOST_WORDS = 6
LONGEST_SEARCH = 100


class ProductSort(StrEnum):
    """The orders of a list of products."""

    NEWEST = "NEWEST"
    PRICE_ASC = "PRICE_ASC"
    PRICE_DESC = "PRICE_DESC"
    BEST_SELLING = "BEST_SELLING"
    NAME = "NAME"


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products; what is None does not narrow, and of no kinds there are no products."""

    category: str | None = None
    search: str | None = None
    kinds: tuple[str, ...] | None = None
    published: bool = True

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the search in lower case; each must be found.

        Raises BadRequest for a search that is longer than anybody means.
        """
        text = self.search or ""
        words = tuple(text.lower().split())
        if len(text) > LONGEST_SEARCH or len(words) > MOST_WORDS:
            raise BadRequest(f"A search has at most {MOST_WORDS} words and {LONGEST_SEARCH} characters.")
        return words
