"""A text that must not leak: it prints as dots wherever it ends up by accident."""

from __future__ import annotations

import hmac
from typing import NoReturn
from urllib.parse import urlsplit

DOTS = "••••"

_LONG = 12
_SHOWN = 4


class Secret:
    """Holds a secret text; only `reveal()` gives it back.

    Prints as dots, compares in constant time, cannot be hashed, copied, pickled or turned into JSON.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the few places that encrypt it or hand it to its owner."""
        return self._text

    def masked(self) -> str:
        """What may be shown of it to anyone who may see the card."""
        return masked(self._text)

    def __str__(self) -> str:
        return DOTS

    def __repr__(self) -> str:
        return f"Secret({DOTS})"

    def __format__(self, spec: str) -> str:
        return DOTS

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A secret is neither copied nor pickled.")


def masked(text: str) -> str:
    """What may be shown of it: the host of a link, the last 4 characters of 12 or more, else dots."""
    if "://" in text:
        try:
            return f"{urlsplit(text).hostname or ''}/{DOTS}"
        except ValueError:
            return DOTS
    return DOTS + text[-_SHOWN:] if len(text) >= _LONG else DOTS
