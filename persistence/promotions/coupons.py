"""Coupons in one transaction: sealed one by one, found by a keyed hash, like the secrets of cards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.cards.secret import Secret
from domain.ids import new_id
from domain.promotions import coupon_codes
from domain.promotions.refusals import CouponsExported
from domain.promotions.scope import Presented
from persistence.cards import data_keys
from persistence.promotions.asking import VALID, Codes, shown
from persistence.promotions.rows import BATCH_COLUMNS, batch_of, coupon_of
from persistence.repository import Repository
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.promotions.ports import BatchDraft
    from domain.promotions.views import CouponBatchView, CouponView
    from persistence.cards.vault import Vault, WrappedKey

INDEX = "coupon"
"""What the blind index and the sealed field are called."""

_ADD = Statement(
    """INSERT INTO coupon_batch (id, promotion_id, key_id, quantity, prefix, alphabet, length, uses,
                                 valid_from, valid_until, made_by)
       VALUES (:id, :promotion_id, :key_id, :quantity, :prefix, :alphabet, :length, :uses, :valid_from,
               :valid_until, :made_by)"""
)
_BATCH = Statement(f"SELECT {BATCH_COLUMNS} FROM coupon_batch b WHERE b.id = :id")
_EXPORT = Statement(
    "UPDATE coupon_batch SET exported_at = now() WHERE id = :id AND exported_at IS NULL RETURNING key_id"
)
_SEALED = Statement("SELECT id, code_ciphertext FROM coupon WHERE batch_id = :id ORDER BY id")
_CLAIM = Statement(
    f"""UPDATE coupon c SET customer_id = :customer, claimed_at = coalesce(c.claimed_at, now())
          FROM coupon_batch b, promotion p, channel h
         WHERE c.code_hmac = :hmac AND b.id = c.batch_id AND p.id = c.promotion_id AND h.id = :channel
           AND p.owner_id = ANY (h.path) AND p.status = 'LIVE' AND {VALID}
           AND c.uses = 1 AND c.used < c.uses
           AND (c.customer_id IS NULL OR c.customer_id = :customer)
        RETURNING c.id, c.promotion_id, c.used, c.uses, c.claimed_at, b.valid_from, b.valid_until,
                  p.name AS promotion"""
)
_COLUMNS = ("id", "batch_id", "promotion_id", "code_hmac", "code_ciphertext", "masked", "uses")


class StoredCoupons(Repository):
    """Fills `domain.promotions.ports.Coupons`."""

    @property
    def _vault(self) -> Vault:
        return self._work.tools.vault

    async def shown(self, codes: Sequence[str], customer_id: UUID | None) -> list[Presented]:
        """Those of the codes that this buyer could use now, in their order."""
        by_hmac = {self._hmac(code): code for code in codes}
        found = await shown(self._work, Codes(tuple(by_hmac), customer_id))
        return [
            Presented(code, found[hmac].promotion_id, found[hmac].id)
            for hmac, code in by_hmac.items()
            if hmac in found
        ]

    async def make(self, draft: BatchDraft) -> CouponBatchView:
        """Make a batch: the computing in a thread, the writing by COPY."""
        key = self._vault.new_data_key(new_id())
        await data_keys.add(self._on, None, key)
        await _ADD.run(
            self._on,
            key_id=key.id,
            **{
                name: getattr(draft, name)
                for name in (
                    "id", "promotion_id", "quantity", "prefix", "alphabet", "length", "uses", "valid_from",
                    "valid_until", "made_by",
                )
            },
        )  # fmt: skip
        rows = await asyncio.to_thread(_rows, self._vault, key, draft)
        await self._on.copy_records_to_table("coupon", records=rows, columns=_COLUMNS)
        made = await self.batch(draft.id)
        if made is None:
            raise AssertionError("a row that was inserted is not there")
        return made

    async def export(self, batch_id: UUID) -> list[str]:
        """The codes of a batch that was not exported before; the update decides who is first."""
        key_id = await _EXPORT.value(self._on, id=batch_id)
        if key_id is None:
            raise CouponsExported()
        key = (await data_keys.read(self._on, [key_id]))[key_id]
        sealed = [
            (row["id"], INDEX, row["code_ciphertext"]) for row in await _SEALED.all(self._on, id=batch_id)
        ]
        opened = await asyncio.to_thread(self._vault.open_many, key, sealed)
        return [secret.reveal() for secret in opened]

    async def batch(self, batch_id: UUID) -> CouponBatchView | None:
        """A batch."""
        row = await _BATCH.one(self._on, id=batch_id)
        return None if row is None else batch_of(row)

    async def claim(self, code: str, customer_id: UUID, channel_id: UUID) -> CouponView | None:
        """Put a coupon of the channel's promotions into a wallet; codes for many are nobody's own."""
        row = await _CLAIM.one(self._on, hmac=self._hmac(code), customer=customer_id, channel=channel_id)
        return None if row is None else coupon_of(row, code, self._work.now)

    def _hmac(self, code: str) -> bytes:
        return self._vault.index.of(INDEX, coupon_codes.folded(code))


def _rows(vault: Vault, key: WrappedKey, draft: BatchDraft) -> list[tuple[Any, ...]]:
    codes = coupon_codes.make(draft.prefix, draft.alphabet, draft.length, draft.quantity)
    ids = [new_id() for _ in codes]
    sealed = vault.seal(key, [(one, INDEX, Secret(code)) for one, code in zip(ids, codes, strict=True)])
    index = vault.index
    return [
        (
            one, draft.id, draft.promotion_id, index.of(INDEX, code), ciphertext, coupon_codes.masked(code),
            draft.uses,
        )
        for one, code, ciphertext in zip(ids, codes, sealed, strict=True)
    ]  # fmt: skip
