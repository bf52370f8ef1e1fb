"""An import's rows from header to end, each accepted or refused, one at a time.

A row has one reason. They are asked in the order in which a person would mend the file: something missing, a
code that cannot be trusted, the date, and only of an otherwise good row whether the card was there before. So
a row that was refused for itself never makes a later, good row of the same card a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from domain.cards.folding import lookup_form
from domain.cards.importing.cells import clean_code, clean_link, is_blank
from domain.cards.importing.dates import expiry
from domain.cards.importing.duplicates import SeenCards, SeenDigests
from domain.cards.importing.formats import ImportFormat, secret_identity
from domain.cards.importing.headers import Header, find_header
from domain.cards.importing.rows import Accepted, Cell, Reason, Rejected, Row, RowRefused
from domain.cards.secret import Secret


def clean(
    rows: Iterable[Row],
    format: ImportFormat,
    now: datetime,
    mapping: Mapping[str, str | None] | None = None,
    seen: SeenCards | None = None,
) -> Iterator[Accepted | Rejected]:
    """Clean rows as they come; blank ones are passed over.

    `now` decides what has expired. The header is looked for at the first step, which may raise
    `ColumnsNotFound`. Whether a card is in stock already is the caller's to ask.
    """
    rows = iter(rows)
    header = find_header(rows, format, mapping or {})
    seen = seen or SeenDigests()
    for number, cells in rows:
        if all(is_blank(cell) for cell in cells):
            continue
        try:
            yield _cleaned(number, cells, header, format, now, seen)
        except RowRefused as refused:
            yield Rejected(number, refused.reason)


def _cleaned(
    row: int, cells: Sequence[Cell], header: Header, format: ImportFormat, now: datetime, seen: SeenCards
) -> Accepted:
    secret_cell = _cell(cells, header.secret)
    if is_blank(secret_cell):
        raise RowRefused(Reason.MISSING_SECRET)
    number: str | None = None
    if format.number is not None:
        number_cell = _cell(cells, header.number)
        if is_blank(number_cell):
            raise RowRefused(Reason.MISSING_NUMBER)
        number = clean_code(number_cell, format.number)
    if format.secret is None:
        _refuse_cut_link(cells, header)
        secret = clean_link(secret_cell)
    else:
        secret = clean_code(secret_cell, format.secret)
    expires_at = expiry(_cell(cells, header.expires_at))
    if expires_at is not None and expires_at <= now:
        raise RowRefused(Reason.EXPIRED)
    _refuse_repeated(secret, number, seen)
    return Accepted(row, Secret(secret), None if number is None else Secret(number), expires_at)


def _refuse_cut_link(cells: Sequence[Cell], header: Header) -> None:
    """A link that itself holds the delimiter runs on in a column that the header does not have."""
    if header.secret == header.width - 1 and not is_blank(_cell(cells, header.width)):
        raise RowRefused(Reason.BAD_LINK)


def _refuse_repeated(secret: str, number: str | None, seen: SeenCards) -> None:
    is_new = number is None or seen.first_time("number\x1f" + lookup_form(number))
    if not is_new or not seen.first_time(secret_identity(secret, number)):
        raise RowRefused(Reason.DUPLICATE_IN_FILE)


def _cell(cells: Sequence[Cell], at: int | None) -> Cell:
    return cells[at] if at is not None and at < len(cells) else None
