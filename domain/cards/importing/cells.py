"""Codes and links as they stand in real spreadsheets, cleaned or refused."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from domain.cards.folding import canonical_link, fold_width, without_gaps, without_invisible
from domain.cards.importing.patterns import CodePattern
from domain.cards.importing.rows import Cell, Reason, RowRefused

_EXACT_DIGITS = 15
_LONGEST_LINK = 2048
_DAMAGED = re.compile(
    r"[+-]?\d+(?:\.\d+)?E\+\d+|\d\.\d+E\d+|\d+\.\d+|#{2,}|#(?:N/A|REF!|NAME\?|VALUE!|NUM!|NULL!|DIV/0!)",
    re.ASCII | re.IGNORECASE,
)
_QUOTED = re.compile(r"""=?"(.*)"|=?“(.*)”""", re.DOTALL)
_APOSTROPHES = "'‘’`"
_UNFIT_FOR_LINKS = re.compile(r"""[\s\x00-\x20\x7f-\x9f<>"\\^`{}|]""")
_HOST = re.compile(r"(?!-)[\w-]{1,63}(?:\.[\w-]{1,63})*\.(?!\d+$)[\w-]{2,63}")


def is_blank(cell: Cell) -> bool:
    """Whether nothing but spaces, invisible characters or hyphens stands in the cell."""
    if not isinstance(cell, str):
        return cell is None
    return not cell[:1].isalnum() and not without_gaps(_unwrapped(cell))


def clean_code(cell: Cell, pattern: CodePattern) -> str:
    """The code in the cell, in the spelling that fits the pattern.

    Tried in turn: as written, without spaces and hyphens, and both in upper case; so a pattern that knows
    lower case keeps it. A number is trusted only where the file's own pattern says how many digits there must
    be, because leading zeros are gone. Raises `RowRefused`.
    """
    if isinstance(cell, str):
        if pattern.fits(cell):
            return cell
        text = _unwrapped(cell)
        if _DAMAGED.fullmatch(text):
            raise RowRefused(Reason.DAMAGED_BY_SPREADSHEET)
        bare = without_gaps(text)
        for spelling in (text, bare, text.upper(), bare.upper()):
            if pattern.fits(spelling):
                return spelling
        raise RowRefused(Reason.BAD_FORMAT)
    if isinstance(cell, int) and not isinstance(cell, bool):
        digits = str(cell)
        if pattern.given and len(digits) <= _EXACT_DIGITS and pattern.fits(digits):
            return digits
    raise RowRefused(Reason.DAMAGED_BY_SPREADSHEET)


def clean_link(cell: Cell) -> str:
    """The https link in the cell, scheme and host in lower case; raises `RowRefused`."""
    text = _unwrapped(cell) if isinstance(cell, str) else ""
    if not text or len(text) > _LONGEST_LINK or _UNFIT_FOR_LINKS.search(text):
        raise RowRefused(Reason.BAD_LINK)
    try:
        parts = urlsplit(text)
        openable = _is_openable(parts)
    except ValueError:
        raise RowRefused(Reason.BAD_LINK) from None
    if not openable:
        raise RowRefused(Reason.BAD_LINK)
    if parts.scheme == "http":
        raise RowRefused(Reason.INSECURE_LINK)
    return canonical_link(text)


def _is_openable(parts: SplitResult) -> bool:
    """A web address of a named host, without credentials, that leads further than the front page."""
    host = parts.hostname or ""
    leads_on = bool(parts.path.strip("/") or parts.query or parts.fragment)
    plain = "@" not in parts.netloc and parts.port != 0
    return parts.scheme in ("http", "https") and plain and leads_on and _HOST.fullmatch(host) is not None


def _unwrapped(text: str) -> str:
    """The text without width, invisible characters, `="…"` and the apostrophe that marks a number as text."""
    text = without_invisible(fold_width(text))
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        text = without_invisible(quoted[1] or quoted[2] or "")
    return text.lstrip(_APOSTROPHES).strip()
