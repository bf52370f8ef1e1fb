"""What batches are made of, between the use cases and the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.cards.batches.refusals import NotSoldAsCards
from domain.cards.batches.status import Origin
from domain.cards.importing.formats import CardForm, ImportFormat
from domain.cards.importing.rows import Rejected


@dataclass(frozen=True, slots=True)
class CardGoods:
    """A SKU whose cards are to be stored."""

    variant_id: UUID
    sku: str
    kind: str
    secret_pattern: str | None

    @property
    def form(self) -> CardForm:
        """What its cards consist of; raises NotSoldAsCards."""
        try:
            return CardForm(self.kind)
        except ValueError:
            raise NotSoldAsCards(self.sku, self.kind) from None

    @property
    def format(self) -> ImportFormat:
        """How its cards are written in files; raises NotSoldAsCards."""
        return ImportFormat.of(self.form, self.secret_pattern)


@dataclass(frozen=True, slots=True)
class BatchDraft:
    """A batch that is to be."""

    id: UUID
    goods: CardGoods
    origin: Origin
    dry_run: bool = False
    file_name: str | None = None
    bytes_total: int = 0
    rows_total: int | None = None
    """How many cards to mint."""
    columns: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker needs to fill a batch, from where another left off."""

    batch_id: UUID
    goods: CardGoods
    origin: Origin
    dry_run: bool
    bytes_total: int
    rows_total: int | None
    columns: Mapping[str, str]
    expires_at: datetime | None
    as_of: datetime
    """When it was asked for, which decides what has expired: a resumed import judges every row alike."""
    rows_read: int
    """Rows that are done already."""
    key_id: UUID
    """The batch's data key."""


class SealedCard(NamedTuple):
    """All that is stored of a card: nothing in it can be read without keys."""

    id: UUID
    row: int
    secret_hmac: bytes
    number_hmac: bytes | None
    secret_ciphertext: bytes
    number_ciphertext: bytes | None
    masked: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive rows of a batch, cleaned and sealed."""

    begins_at: int
    """How many rows lie before it."""
    cards: Sequence[SealedCard]
    rejected: Sequence[Rejected]
    percent: int
    """How much of the batch is read after it, 0 to 100."""

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.cards) + len(self.rejected)
