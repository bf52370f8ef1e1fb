"""What batches refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from domain.refusals import Refusal


@dataclass(eq=False)
class NotSoldAsCards(Refusal):
    """{sku} is of kind {kind}, which has no cards in stock."""

    sku: Annotated[str, "The SKU that was named."]
    kind: Annotated[str, "The kind of its product."]

    @property
    def field(self) -> list[str] | None:
        """The SKU."""
        return ["sku"]


@dataclass(eq=False)
class ImportInUse(Refusal):
    """{sold} of its cards are sold or reserved already, so it cannot be withdrawn as a whole."""

    sold: Annotated[int, "How many of its cards are not in stock any more."]

    @property
    def field(self) -> list[str] | None:
        """The import."""
        return ["id"]
