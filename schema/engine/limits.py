"""The bounds that a document must keep, in one value, so that settings can change them and tests can tighten
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """What one document may ask for; every refusal names the limit that it broke."""

    max_tokens: int = 1_000
    """Lexical tokens of the document; comments are bounded by the same number."""
    max_length: int = 30_000
    """Characters of the document: names are read one character at a time."""
    max_depth: int = 20
    """Fields from the root to the deepest leaf, fragments included."""
    max_aliases: int = 100
    """Aliased fields, counted wherever a fragment brings them in."""
    max_root_fields: int = 20
    """Fields at the root of one operation."""
    max_repeats: int = 30
    """How often one response name may stand in one selection set with its inline fragments: merging them
    costs the square of it.
    """
    max_fragments: int = 60
    """Fragment definitions; comparing their fields costs the square of it."""
    max_operations: int = 30
    """Operations in one document, of which a request runs one."""
    max_cost: int = 10_000
    """Objects that the operation may ask for; a leaf counts a tenth."""
    page_size: int = 20
    """What a page is taken to hold when the document does not say and the schema has no default."""
    list_size: int = 5
    """What a list without page arguments is taken to hold."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """Extra cost of single fields, by `Type.field`, in objects."""
    cached_documents: int = 1_000
    """Valid documents kept ready, least recently used first out."""
    persisted_queries: int = 1_000
    """Documents of automatic persisted queries that a process remembers; 0 for none."""
