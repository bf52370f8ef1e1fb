"""Makes blocks of sealed cards, from a file or from the mint; all of it is computing, so a thread does it."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from domain.cards.batches.records import Assignment, Block, SealedCard
from domain.cards.codes import mint
from domain.cards.folding import lookup_form
from domain.cards.importing.cleaning import clean
from domain.cards.importing.formats import CardForm, secret_identity
from domain.cards.importing.rows import Accepted, Rejected
from domain.cards.keys import KeyPurpose, working_key
from domain.cards.secret import Secret
from domain.ids import new_id
from persistence.spreadsheets import open_sheet

if TYPE_CHECKING:
    from persistence.cards.vault import Sealing, Vault, WrappedKey

BLOCK_ROWS = 4_000
"""Rows of a transaction: long enough for COPY to be quick, short enough for sales of the SKU not to wait."""

_NUMBER_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Filling:
    """What blocks are made with."""

    assignment: Assignment
    vault: Vault
    key: WrappedKey
    minted_link: str
    """The form of a minted link, with `{code}` where the code goes."""

    def from_file(self, source: BinaryIO) -> Generator[Block]:
        """The blocks behind those that are stored already.

        The rows before are cleaned again, because they decide which later ones repeat them. Raises
        UnreadableFile and ColumnsNotFound, here or on the way.
        """
        assignment = self.assignment
        with closing(open_sheet(source)) as sheet:
            rows = clean(sheet.rows, assignment.goods.format, assignment.as_of, assignment.columns)
            done = assignment.rows_read
            next(islice(rows, done, done), None)
            while found := list(islice(rows, BLOCK_ROWS)):
                accepted = [row for row in found if isinstance(row, Accepted)]
                rejected = [row for row in found if isinstance(row, Rejected)]
                yield Block(done, self._sealed(accepted), rejected, sheet.percent_read())
                done += len(found)

    def from_mint(self) -> Generator[Block]:
        """The blocks behind those that are stored already, with codes that were never seen."""
        assignment, total = self.assignment, self.assignment.rows_total or 0
        for done in range(assignment.rows_read, total, BLOCK_ROWS):
            count = min(BLOCK_ROWS, total - done)
            percent = (done + count) * 100 // total
            yield Block(done, self._sealed(self._minted(done, count)), (), percent)

    def _minted(self, done: int, count: int) -> list[Accepted]:
        goods, expires_at = self.assignment.goods, self.assignment.expires_at
        codes = mint(working_key(self.vault.keys, KeyPurpose.CODE), count)
        if goods.form is CardForm.LINK:
            codes = [Secret(self.minted_link.format(code=code.reveal())) for code in codes]
        numbers = _numbers(count) if goods.form is CardForm.NUMBER_AND_KEY else [None] * count
        return [
            Accepted(row, code, number, expires_at)
            for row, (code, number) in enumerate(zip(codes, numbers, strict=True), start=done + 1)
        ]

    def _sealed(self, rows: Sequence[Accepted]) -> list[SealedCard]:
        named = [(new_id(), row) for row in rows]
        fields: list[Sealing] = [(card_id, "secret", row.secret) for card_id, row in named]
        fields += [(card_id, "number", row.number) for card_id, row in named if row.number is not None]
        # A dry run stores nothing, so nothing is encrypted; the indexes say what is in stock already.
        texts = [] if self.assignment.dry_run else self.vault.seal(self.key, fields)
        sealed_secrets = texts[: len(rows)] or [b""] * len(rows)
        sealed_numbers: Sequence[bytes | None] = texts[len(rows) :] or [None] * len(rows)
        index = self.vault.index
        return [
            SealedCard(
                card_id,
                row.row,
                index.of("secret", secret_identity(row.secret.reveal(), _text(row.number))),
                None if row.number is None else index.of("number", lookup_form(row.number.reveal())),
                secret,
                number,
                (row.number or row.secret).masked(),
                row.expires_at,
            )
            for (card_id, row), secret, number in zip(named, sealed_secrets, sealed_numbers, strict=True)
        ]


def _text(number: Secret | None) -> str | None:
    return None if number is None else number.reveal()


def _numbers(count: int) -> list[Secret | None]:
    """Card numbers of 16 digits, as buyers are used to, without a leading zero."""
    least = 10 ** (_NUMBER_DIGITS - 1)
    found: set[int] = set()
    while len(found) < count:
        found.add(least + secrets.randbelow(9 * least))
    return [Secret(str(number)) for number in found]
