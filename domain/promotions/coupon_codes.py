"""Coupon codes: of a length and alphabet that nobody guesses, and one spelling for what people type."""

from __future__ import annotations

import math
import secrets
import unicodedata
from collections.abc import Sequence

from domain.cards.folding import without_gaps

LONGEST = 64
"""Characters of a code that is typed."""

ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""What is hard to mistake for something else."""

_SPARE_BITS = 36
"""Of so many tries one finds a code, where a batch holds one of 2^36 of what could be one."""


def folded(code: str) -> str:
    """What was typed, without gaps, in one width and case."""
    return without_gaps(unicodedata.normalize("NFKC", code)).upper()


def is_code(code: str) -> bool:
    """Whether a text could be a code at all."""
    return 0 < len(code) <= LONGEST and folded(code).isascii() and folded(code).isalnum()


def is_safe(alphabet: str, length: int, quantity: int) -> bool:
    """Whether so many codes of so many random characters are thinly spread among all that could be."""
    return length * math.log2(len(alphabet)) - math.log2(quantity) >= _SPARE_BITS


def make(prefix: str, alphabet: str, length: int, quantity: int) -> Sequence[str]:
    """Distinct codes, each the prefix and `length` random characters of the alphabet."""
    found: dict[str, None] = {}
    size = len(alphabet)
    while len(found) < quantity:
        number = secrets.randbelow(size**length)
        letters = []
        for _ in range(length):
            number, at = divmod(number, size)
            letters.append(alphabet[at])
        found[prefix + "".join(letters)] = None
    return list(found)


def masked(code: str) -> str:
    """What is shown of it in lists: its last four characters."""
    return f"…{code[-4:]}"
