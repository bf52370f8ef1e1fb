"""Paying an order: the money is captured, and what can be delivered at once is, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from domain.access.callers import CallerKind
from domain.access.permissions import ORDERS_PAY
from domain.commands import SharedCommand, handles
from domain.ledger.sales import paid, placed
from domain.ledger.transfers import Reach
from domain.orders.beginning import begin
from domain.orders.groups import seat_paid
from domain.orders.progress import advance
from domain.orders.refusals import OrderNotPayable
from domain.orders.status import OrderStatus, Phase
from domain.payments.methods import Purse, payment_methods
from domain.payments.refusals import PaymentMethodNotAllowed, PaymentMethodUnavailable
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.ledger.transfers import Transfer
    from domain.orders.trades import Sold
    from domain.orders.views import OrderView
    from domain.payments.views import PaymentView
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PayOrder(SharedCommand):
    """Pay all that is due of an order by one method; who may do so is the method's to say."""

    order_id: UUID
    method: str

    @property
    def apart(self) -> UUID:
        """An order is paid once: whoever comes second sees what the first has done."""
        return self.order_id


@handles(PayOrder)
async def pay_order(command: PayOrder, caller: Caller, work: UnitOfWork) -> PaymentView:
    """The order's row decides between this payment, another one, and the order's expiry."""
    if caller.kind in (CallerKind.AGENT, CallerKind.API_CLIENT, CallerKind.ANONYMOUS):
        caller.must(ORDERS_PAY)
    order = await work.orders.lock(command.order_id, caller)
    if order is None:
        raise NotFound("order", "orderId")
    _check_method(command.method, Purse(order, caller, work.orders.terms))
    _check_order(order, work)
    if order.group_id is not None:
        await work.groups.check(order)
    sold = (await work.orders.sold([order.id]))[order.id]
    covered = await work.ledger.cover(_moved(sold, command.method, work))
    payment = await work.till.capture(order, command.method, caller)
    await work.ledger.enter(covered, caller)
    if order.group_id is None:
        moved = await begin(order, sold.parts, caller, work)
    else:
        moved = await seat_paid(order, work)
    return replace(payment, order=await advance(order, sold.parts, moved, work, Phase.PAID))


def _check_method(code: str, purse: Purse) -> None:
    method = payment_methods().get(code)
    if method is None:
        raise InvalidInput("There is no such payment method.", "method")
    if not method.is_available(purse.terms):
        raise PaymentMethodUnavailable(code)
    if not method.is_allowed(purse):
        raise PaymentMethodNotAllowed(code)


def _check_order(order: OrderView, work: UnitOfWork) -> None:
    if order.status is not OrderStatus.AWAITING_PAYMENT:
        raise OrderNotPayable(order.status.value)
    if order.expires_at is not None and order.expires_at <= work.now:
        raise OrderNotPayable(OrderStatus.EXPIRED.value)


def _moved(sold: Sold, method: str, work: UnitOfWork) -> list[Transfer]:
    """What the payment moves; where nothing was held for an old order, what it does not cover is owed."""
    owed = [] if sold.held else placed(sold.trade, Reach.OWED)
    by_headquarters = payment_methods()[method].by_headquarters
    return owed + paid(sold.trade, sold.shares, work.now + work.orders.terms.vesting, by_headquarters)
