"""Codes that we mint: unguessable, checkable without a database, and kind to people who type them."""

from __future__ import annotations

import hmac
import secrets
import unicodedata

from domain.cards.folding import without_gaps
from domain.cards.secret import Secret

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O (read as 1, 1, 0) and no U."""

RANDOM_LENGTH = 13
MAC_LENGTH = 3
CODE_LENGTH = RANDOM_LENGTH + MAC_LENGTH

_RANDOM_BITS = RANDOM_LENGTH * 5
_LABEL = b"quanyi.code.v1\x00"
_READ_AS = str.maketrans("ILO", "110")


def mint(key: bytes, n: int) -> list[Secret]:
    """`n` new codes of 13 random characters (65 bits) and 3 characters of MAC under `key`.

    Distinct among themselves; that none was minted before is for the blind index to say.
    """
    bodies: set[str] = set()
    while len(bodies) < n:
        bodies.add(_base32(secrets.randbits(_RANDOM_BITS), RANDOM_LENGTH))
    return [Secret(body + _mac(key, body)) for body in bodies]


def normalise(text: str) -> str:
    """What was typed as the code it stands for: width, case, spaces, hyphens, and I, L, O read as 1, 1, 0."""
    return without_gaps(unicodedata.normalize("NFKC", text)).upper().translate(_READ_AS)


def has_valid_mac(key: bytes, code: str) -> bool:
    """Whether `code`, in any spelling, was minted under `key`; a wrong one passes once in 32,768 times."""
    code = normalise(code)
    body, mac = code[:RANDOM_LENGTH], code[RANDOM_LENGTH:]
    shaped = len(code) == CODE_LENGTH and all(letter in ALPHABET for letter in code)
    expected = _mac(key, body)
    return shaped and hmac.compare_digest(expected.encode(), mac.encode())


def displayed(code: str) -> str:
    """The code in groups of four, `XXXX-XXXX-XXXX-XXXX`, as it is shown to its owner."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _mac(key: bytes, body: str) -> str:
    digest = hmac.digest(key, _LABEL + body.encode(), "sha256")
    return _base32(int.from_bytes(digest[:2], "big") >> 1, MAC_LENGTH)


def _base32(number: int, length: int) -> str:
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(length - 1, -1, -1))
