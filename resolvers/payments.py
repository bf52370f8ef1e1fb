"""Paying."""

from __future__ import annotations

from domain.orders.refusals import OrderNotPayable
from domain.payments.pay import PayOrder
from domain.payments.refusals import PaymentMethodNotAllowed, PaymentMethodUnavailable
from domain.promotions.groups import GroupOver
from schema import ids
from schema.context import Context
from schema.nouns import shown
from schema.payments import Payment, PayOrderInput
from schema.verbs import mutation


@mutation(fails_with=(OrderNotPayable, GroupOver, PaymentMethodUnavailable, PaymentMethodNotAllowed))
async def pay_order(context: Context, input: PayOrderInput) -> Payment:
    """Pay an order; what is in stock is delivered at once. Back offices need the permission `orders:pay`."""
    order_id = ids.required("ord", input.order_id, "order", "orderId")
    command = PayOrder(input.idempotency_key, order_id, input.method.value)
    return shown(Payment, await context.perform(command))
