"""Promises of prices: what a quote's token says, and whether an order still is what it was given for."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.money import Money
from domain.orders.changes import ChangeKind, QuoteChange
from domain.promotions.promised import PromisedDiscount

Fingerprint = Callable[[str, str], bytes]
"""(purpose, text) → a keyed hash that only we can compute."""

_PURPOSE = "quote"
_LONGEST_TOKEN = 64_000
"""Characters: many lines, each of which many promotions take something off."""
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class PromisedPrice:
    """Of one SKU: how many, at what unit price in minor units."""

    quantity: int
    unit_minor: int
    currency: str = "CNY"

    @property
    def price(self) -> Money:
        """The unit price."""
        return Money(self.unit_minor, self.currency)


@dataclass(frozen=True, slots=True)
class Promise:
    """Prices of one channel for one basket until `expires_at`; it holds nothing that a buyer may not read."""

    channel_id: UUID
    customer_id: UUID | None
    expires_at: datetime
    prices: Mapping[str, PromisedPrice]
    discounts: tuple[PromisedDiscount, ...] = ()
    codes: tuple[str, ...] = ()
    """The coupons that were shown, in the spelling that codes are compared in."""

    def token(self, fingerprint: Fingerprint) -> str:
        """The promise in a form that is handed out: readable, and signed."""
        prices = {sku: [one.quantity, one.unit_minor, one.currency] for sku, one in self.prices.items()}
        customer = self.customer_id.hex if self.customer_id else None
        claims: list[Any] = [self.channel_id.hex, customer, int(self.expires_at.timestamp()), prices]
        if self.discounts:
            claims += [[one.facts() for one in self.discounts], list(self.codes)]
        body = _packed(json.dumps(claims, separators=(",", ":")).encode())
        return f"{body}.{_packed(fingerprint(_PURPOSE, body)[:_MAC_BYTES])}"

    @classmethod
    def read(cls, token: str, fingerprint: Fingerprint) -> Promise | None:
        """The promise of a token that we signed; None for any other text."""
        body, separator, mac = token.partition(".")
        if not separator or len(token) > _LONGEST_TOKEN or not token.isascii():
            return None
        if not hmac.compare_digest(mac, _packed(fingerprint(_PURPOSE, body)[:_MAC_BYTES])):
            return None
        channel, customer, expires, prices, *more = json.loads(
            base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        )
        return cls(
            UUID(channel),
            UUID(customer) if customer else None,
            datetime.fromtimestamp(expires, UTC),
            {sku: PromisedPrice(*price) for sku, price in prices.items()},
            tuple(PromisedDiscount.read(one) for one in (more[0] if more else ())),
            tuple(more[1] if more else ()),
        )

    def is_for(self, channel_id: UUID, customer_id: UUID | None) -> bool:
        """Whether this buyer may use it; who quoted as a guest may sign in before buying."""
        return self.channel_id == channel_id and self.customer_id in (None, customer_id)

    @property
    def unit_prices(self) -> dict[str, int]:
        """What a piece of each SKU costs before discounts, in minor units."""
        return {sku: one.unit_minor for sku, one in self.prices.items()}

    def differences(
        self, quantities: Mapping[str, int], current: Mapping[str, Money | None]
    ) -> list[QuoteChange]:
        """What is not as promised; a SKU without a current price cannot be bought at all.

        Prices are compared only where `current` names the SKU: leave out what the promise still covers.
        """
        found = []
        for sku in [*self.prices, *(sku for sku in quantities if sku not in self.prices)]:
            promised, ordered = self.prices.get(sku), quantities.get(sku)
            change = _difference(sku, promised, ordered, current)
            if change is not None:
                found.append(change)
        return found


def _difference(
    sku: str, promised: PromisedPrice | None, ordered: int | None, current: Mapping[str, Money | None]
) -> QuoteChange | None:
    if promised is None:
        return QuoteChange(sku, ChangeKind.NOT_QUOTED, None, current.get(sku), None, ordered)
    if ordered is None:
        return QuoteChange(sku, ChangeKind.NOT_ORDERED, promised.price, None, promised.quantity, None)
    if sku in current and current[sku] is None:
        return QuoteChange(sku, ChangeKind.NOT_AVAILABLE, promised.price, None, promised.quantity, ordered)
    if ordered != promised.quantity:
        kind = ChangeKind.QUANTITY
    elif sku in current and current[sku] != promised.price:
        kind = ChangeKind.PRICE
    else:
        return None
    return QuoteChange(sku, kind, promised.price, current.get(sku), promised.quantity, ordered)


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
