"""One way of reading what people and spreadsheets write, so that one code has one spelling."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
"""Characters without a shape (zero width, direction marks, byte order marks), as a class of an expression."""

_DASHES = "\\-\u2010-\u2015\u2212"
_UNSEEN = re.compile(f"[{INVISIBLE}]")
_GAPS = re.compile(f"[\\s{INVISIBLE}{_DASHES}]")
_WIDTH = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: 0x20}


def fold_width(text: str) -> str:
    """Full-width letters, digits and signs as their ASCII twins; everything else as it is."""
    return text if text.isascii() else text.translate(_WIDTH)


def without_invisible(text: str) -> str:
    """The text less what nobody can see, ends trimmed of every kind of space."""
    return (text if text.isascii() else _UNSEEN.sub("", text)).strip()


def without_gaps(text: str) -> str:
    """The text less spaces, invisible characters and every kind of hyphen."""
    return _GAPS.sub("", text)


def lookup_form(text: str) -> str:
    """The spelling under which a secret or number is indexed, whoever typed it and however.

    Links keep the case of all but scheme and host; codes lose spaces and hyphens and are upper-cased, so two
    codes that differ by case alone count as one card.
    """
    if text.isascii() and text.isalnum():
        return text.upper()
    if "://" in text:
        return canonical_link(without_invisible(fold_width(text)))
    return without_gaps(unicodedata.normalize("NFKC", text)).upper()


def canonical_link(link: str) -> str:
    """The link with scheme and host in lower case; unchanged where it cannot be taken apart."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return link
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl()
