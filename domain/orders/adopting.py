"""Guests who sign in: the orders of their phone become theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.promotions.offering import name_of_customer, name_of_phone

if TYPE_CHECKING:
    from domain.work import UnitOfWork


async def adopt_guest_orders(customer_id: UUID, channel_id: UUID, phone_hmac: str, work: UnitOfWork) -> int:
    """Give a customer the channel's guest orders of a phone that the customer has just proven; how many.

    `phone_hmac` is the hex fingerprint that `work.credentials.phone_hmac` answers for the number.
    """
    adopted = await work.orders.adopt(customer_id, channel_id, phone_hmac)
    if adopted:
        await work.cards.assign_customer(adopted, customer_id)
        await work.promotions.adopt(adopted, name_of_phone(phone_hmac), name_of_customer(customer_id))
    return len(adopted)
