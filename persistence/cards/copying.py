"""Writes cards by COPY, the quickest way into PostgreSQL, each with the first event of its trace."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.cards.batches.records import SealedCard
from domain.cards.batches.status import Origin
from domain.cards.chain import CardEvent, canonical
from domain.cards.states import CardStep, after
from persistence.cards.vault import data_key_id

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.batches.views import CardImportView
    from domain.cards.importing.rows import Rejected
    from persistence.work import Work

_CARD = (
    "id", "variant_id", "batch_id", "pool_id", "seq", "state", "secret_ciphertext", "number_ciphertext",
    "key_id", "secret_hmac", "number_hmac", "masked", "expires_at", "last_hash",
)  # fmt: skip
_EVENT = (
    "card_id", "ordinal", "at", "to_state", "actor_kind", "actor_id", "actor_name", "channel_id", "reason",
    "request_id", "hash",
)  # fmt: skip
_NOBODY = UUID(int=0)
_ENTERED = after(None, CardStep.ENTER).value


async def copy_cards(
    work: Work,
    batch: CardImportView,
    cards: Sequence[SealedCard],
    numbers: Sequence[int],
    pool_id: UUID,
    by: Caller,
) -> None:
    """Write new cards of a batch; `numbers` are their places in the queue of sale.

    Raises UniqueViolationError where a secret or number came in since it was looked for.
    """
    first = _first_event(work, batch, pool_id, by)
    hashes = list(_hashes(first, cards))
    # The ciphertexts tell, not the batch, whose key may have been turned since they were sealed.
    key_id = data_key_id(cards[0].secret_ciphertext)
    rows = (
        (
            card.id, batch.variant_id, batch.id, pool_id, number, _ENTERED, card.secret_ciphertext,
            card.number_ciphertext, key_id, card.secret_hmac, card.number_hmac, card.masked, card.expires_at,
            link,
        )
        for card, number, link in zip(cards, numbers, hashes, strict=True)
    )  # fmt: skip
    connection: Any = work.connection
    await connection.copy_records_to_table("card", records=rows, columns=_CARD)
    events = (
        (
            card.id, 1, first.at, first.to_state, first.actor_kind, first.actor_id, first.actor_name,
            first.channel_id, first.reason, first.request_id, link,
        )
        for card, link in zip(cards, hashes, strict=True)
    )  # fmt: skip
    await connection.copy_records_to_table("card_event", records=events, columns=_EVENT)


async def copy_rejections(connection: Any, batch_id: UUID, rows: Sequence[Rejected]) -> None:
    """Write row and reason of refused rows."""
    if rows:
        records = ((batch_id, rejected.row, rejected.reason.value) for rejected in rows)
        columns = ("batch_id", "row", "reason")
        await connection.copy_records_to_table("card_rejection", records=records, columns=columns)


def _first_event(work: Work, batch: CardImportView, pool_id: UUID, by: Caller) -> CardEvent:
    return CardEvent(
        card_id=_NOBODY,
        ordinal=1,
        at=work.now,
        from_state=None,
        to_state=_ENTERED,
        actor_kind=by.kind.value,
        actor_id=by.subject_id,
        actor_name=by.name,
        channel_id=pool_id,
        order_id=None,
        reason="Minted" if batch.origin is Origin.MINT else f"Imported from {batch.file_name}",
        request_id=by.request_id,
    )


def _hashes(first: CardEvent, cards: Sequence[SealedCard]) -> Iterator[bytes]:
    """The chain's first hash of each card: their events differ in the card's id alone, which comes first."""
    before, _, behind = canonical(first).partition(str(_NOBODY))
    for card in cards:
        yield hashlib.sha256(f"{before}{card.id}{behind}".encode()).digest()
