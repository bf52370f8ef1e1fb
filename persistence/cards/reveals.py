"""Reveals: each is written down with its watermark; the secret is opened for the answer and kept nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.cards.records import OpenedCard, OwnedCard, PastReveal
from domain.cards.states import CardStep
from domain.ids import new_id
from domain.refusals import IdempotencyConflict
from persistence.cards import data_keys
from persistence.cards.rows import COLUMNS, card_of
from persistence.cards.transitions import cards_where, move, transition
from persistence.cards.vault import CannotOpen
from persistence.idempotency import kept_key
from persistence.statements import Statement

if TYPE_CHECKING:
    from datetime import datetime

    from domain.access.callers import Caller
    from domain.cards.secret import Secret
    from domain.cards.views import CardView
    from persistence.work import Work

_LOCK = Statement(
    f"""SELECT {COLUMNS}, c.reveals, p.kind, u.identifier_masked, o.number
          FROM card c JOIN variant v ON v.id = c.variant_id JOIN product p ON p.id = v.product_id
          JOIN customer u ON u.id = c.customer_id LEFT JOIN orders o ON o.id = c.order_id
         WHERE c.id = :card AND c.customer_id = :customer FOR UPDATE OF c"""
)
_PAST = Statement(
    """SELECT card_id, watermark, expires_at FROM reveal
        WHERE customer_id = :customer AND idempotency_key = :key"""
)
_WRITE = Statement(
    """INSERT INTO reveal (id, card_id, customer_id, idempotency_key, watermark, address, expires_at)
       VALUES (:id, :card, :customer, :key, :watermark, :address, :until)
       ON CONFLICT DO NOTHING RETURNING true"""
)
_STEP = transition(
    cards_where(
        "c.id = :card",
        CardStep.REVEAL,
        place="c.channel_id",
        more="CASE c.state WHEN 'DELIVERED' THEN 'REVEALED' ELSE c.state END AS back",
    ),
    (CardStep.REVEAL,),
    sets="reveals = card.reveals + 1",
)
_SEALED = Statement("SELECT key_id, secret_ciphertext, number_ciphertext FROM card WHERE id = :card")


class StoredReveals:
    """Fills `domain.cards.ports.Reveals`."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def lock_owned(self, card_id: UUID, customer_id: UUID) -> OwnedCard | None:
        """A customer's own card, locked."""
        row = await _LOCK.one(self._work.connection, card=card_id, customer=customer_id)
        if row is None:
            return None
        return OwnedCard(
            card_of(row), row["kind"], row["reveals"], row["identifier_masked"], row["number"] or ""
        )

    async def past(self, customer_id: UUID, key: str) -> PastReveal | None:
        """What a key revealed before."""
        row = await _PAST.one(
            self._work.connection, customer=customer_id, key=kept_key(str(customer_id), key)
        )
        return None if row is None else PastReveal(row["card_id"], row["watermark"], row["expires_at"])

    async def add(
        self, card: OwnedCard, key: str, watermark: str, until: datetime, caller: Caller
    ) -> CardView:
        """Write it down and count it, in the caller's name."""
        written = await _WRITE.value(
            self._work.connection,
            id=new_id(),
            card=card.view.id,
            customer=caller.customer_id,
            key=kept_key(str(caller.customer_id), key),
            watermark=watermark,
            address=caller.address,
            until=until,
        )
        if not written:
            raise IdempotencyConflict()
        (moved,) = await move(self._work, _STEP, caller, card=card.view.id)
        return card_of(moved)

    async def open(self, card: OwnedCard) -> OpenedCard:
        """Decrypt both fields; raises CannotOpen."""
        row = await _SEALED.one(self._work.connection, card=card.view.id)
        if row is None:
            raise CannotOpen
        fields = [("secret", row["secret_ciphertext"]), ("number", row["number_ciphertext"])]
        found: dict[str, Secret] = {}
        for name, sealed in fields:
            if sealed is not None:
                found[name] = await data_keys.open_card(
                    self._work.connection,
                    self._work.tools.vault,
                    row["key_id"],
                    card.view.id,
                    name,
                    sealed,
                )
        return OpenedCard(found.get("number"), found["secret"])
