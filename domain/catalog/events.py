"""What happens to the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChanged(Event):
    """A product, or a variant of it, was created or changed."""

    kind: ClassVar[str] = "product.changed"
    change: str
    slug: str

    def payload(self) -> dict[str, Any]:
        """What changed, and which product."""
        return {"change": self.change, "slug": self.slug}
