"""Opaque ids: a prefix that tells people what they look at, and the UUID in 26 characters."""

from __future__ import annotations

from uuid import UUID

from domain.refusals import NotFound

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH = 26
_TWO = [first + second for first in _ALPHABET for second in _ALPHABET]
_LOW = (1 << 60) - 1

PREFIXES: dict[str, str] = {}
"""Prefix → GraphQL type, filled by `noun`."""


def encode(prefix: str, value: UUID) -> str:
    """`ord_01h…`: lower-case Crockford base32 of the 128 bits."""
    number, two = value.int, _TWO
    high, low = number >> 60, number & _LOW  # in halves that the processor counts with
    return (
        f"{prefix}_{two[high >> 60]}{two[high >> 50 & 1023]}{two[high >> 40 & 1023]}{two[high >> 30 & 1023]}"
        f"{two[high >> 20 & 1023]}{two[high >> 10 & 1023]}{two[high & 1023]}"
        f"{two[low >> 50]}{two[low >> 40 & 1023]}{two[low >> 30 & 1023]}"
        f"{two[low >> 20 & 1023]}{two[low >> 10 & 1023]}{two[low & 1023]}"
    )


def decode(prefix: str, value: str) -> UUID | None:
    """The UUID of an id with this prefix, or None for anything else, as for an id that was never issued."""
    head, separator, text = value.partition("_")
    if head != prefix or not separator or len(text) != _LENGTH:
        return None
    number = 0
    for character in text:
        digit = _VALUES.get(character)
        if digit is None:
            return None
        number = number * 32 + digit
    return UUID(int=number) if number < 1 << 128 else None


def required(prefix: str, value: str, what: str, at: str) -> UUID:
    """The UUID, or the refusal NotFound naming the input field `at`."""
    found = decode(prefix, value)
    if found is None:
        raise NotFound(what, at)
    return found
