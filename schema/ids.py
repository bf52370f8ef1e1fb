"""Opaque ids: a prefix that tells people what they look at, and the UUID in 26 characters."""

from __future__ import annotations

from uuid import UUID

from domain.refusals import NotFound

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH = 26

PREFIXES: dict[str, str] = {}
"""Prefix → GraphQL type, filled by `noun`."""


def encode(prefix: str, value: UUID) -> str:
    """`ord_01h…`: lower-case Crockford base32 of the 128 bits."""
    number, text = value.int, ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, 32)
        text = _ALPHABET[digit] + text
    return f"{prefix}_{text}"


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
