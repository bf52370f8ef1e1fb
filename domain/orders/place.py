"""Placing an order: prices are settled, goods in stock are reserved, nothing is paid yet."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.callers import CallerKind
from domain.access.identifiers import phone_of, storable
from domain.access.permissions import ORDERS_PLACE
from domain.cards.ports import Demand
from domain.catalog.kinds import kind_of
from domain.commands import SharedCommand, handles
from domain.ledger.sales import placed
from domain.money import Money
from domain.orders.basket import Basket, WantedLine
from domain.orders.drafts import draft_of
from domain.orders.events import OrderChanged
from domain.orders.pricing import Priced, asked_of, price, unsupplied
from domain.orders.promises import Promise
from domain.orders.promoting import with_promotions
from domain.orders.refusals import QuoteChanged, QuoteExpired, ShippingAddressMissing
from domain.orders.trades import trade_of
from domain.orders.views import AddressView, ContactView, OrderView
from domain.promotions.groups import GroupChanged
from domain.refusals import InvalidInput, Refusal

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.channels.offers import Offer
    from domain.orders.records import OrderDraft
    from domain.work import UnitOfWork

LONGEST_TEXT = 200
"""Characters of a contact's or an address's field, and of an externalId."""


@dataclass(frozen=True, slots=True)
class PlaceOrder(SharedCommand):
    """Buy lines in the caller's channel, at a quote's prices where its token is given."""

    requires: ClassVar[str | None] = ORDERS_PLACE

    lines: tuple[WantedLine, ...]
    coupon_codes: tuple[str, ...] = ()
    quote_token: str | None = None
    contact: ContactView | None = None
    shipping_address: AddressView | None = None
    external_id: str | None = None
    device_id: str | None = None
    group_of: UUID | None = None
    """The promotion of which it opens a group."""
    group_id: UUID | None = None
    """The group that it joins."""

    def __post_init__(self) -> None:
        _check_texts(self)

    @property
    def lane(self) -> frozenset[str]:
        """Orders of the same goods queue at the same stock anyway; others do not wait for them."""
        return frozenset(line.sku for line in self.lines)


@handles(PlaceOrder)
async def place_order(command: PlaceOrder, caller: Caller, work: UnitOfWork) -> OrderView:
    """Read prices, decide, have all of it held, for that queues and can refuse, then write and take it."""
    basket = Basket.of(command.lines, work.orders.terms)
    _refuse_first(basket.problems)
    offers = await work.prices.offers(caller.channel, basket.quantities)
    promise = _promise(command, basket, offers, caller, work)
    prices = promise.unit_prices if promise else None
    priced = price(basket, offers, work.catalog.account_templates.problem, prices)
    _refuse_first(priced.problems + unsupplied(priced.lines, work.orders.terms.sandbox))
    _check_buyer(command, priced, caller)
    priced, claims = await with_promotions(priced, promise, command, caller, work)
    draft = draft_of(command, priced, caller, work)
    await work.promotions.hold(claims)
    if claims.seat is not None:
        await work.groups.hold(claims.seat)
    held = await work.cards.hold(_demands(draft))
    covered = await work.ledger.cover(placed(trade_of(draft)))
    order = await work.orders.add(draft)
    await work.promotions.keep(order.id, claims)
    if claims.seat is not None:
        group = await work.groups.take(order.id, claims.seat)
        order = replace(order, group_id=group.id)
        work.record(GroupChanged.of(group))
    await work.cards.reserve(held, caller)
    await work.ledger.enter(covered, caller)
    work.record(
        OrderChanged(
            aggregate_id=order.id,
            channel_id=order.channel_id,
            customer_id=order.customer_id,
            status=order.status,
            from_status=None,
        )
    )
    return order


def _refuse_first(problems: list[Refusal]) -> None:
    if problems:
        raise problems[0]


def _promise(
    command: PlaceOrder, basket: Basket, offers: dict[str, Offer], caller: Caller, work: UnitOfWork
) -> Promise | None:
    """The promise of the token; raises what has become of it."""
    if command.quote_token is None:
        return None
    promise = Promise.read(command.quote_token, work.credentials.fingerprint)
    if promise is None or not promise.is_for(caller.channel, caller.customer_id):
        raise InvalidInput("This quoteToken was not given to this buyer in this channel.", "quoteToken")
    expired = promise.expires_at <= work.now
    current: dict[str, Money | None] = {}
    for sku in promise.prices:
        offer = offers.get(sku)
        if offer is None or not offer.transfer_minor:
            current[sku] = None
        elif expired:
            asked = asked_of(offer)
            current[sku] = None if asked is None else Money(asked, offer.currency)
    changes = promise.differences(basket.quantities, current)
    if changes:
        raise QuoteChanged(changes)
    if expired:
        raise QuoteExpired()
    return promise


def _check_texts(command: PlaceOrder) -> None:
    """What was typed fits, and is text that can be stored; raises InvalidInput."""
    said = {"externalId": command.external_id, "deviceId": command.device_id}
    for at, view in (("contact", command.contact), ("shippingAddress", command.shipping_address)):
        said |= {f"{at}.{name}": value for name, value in asdict(view).items()} if view else {}
    for at, value in said.items():
        if value is not None and (len(value) > LONGEST_TEXT or not storable(value)):
            raise InvalidInput(f"This is text of up to {LONGEST_TEXT} characters.", at)
    if command.external_id == "":
        raise InvalidInput("An externalId is not empty; leave it out where there is none.", "externalId")


def _check_buyer(command: PlaceOrder, priced: Priced, caller: Caller) -> None:
    phone = command.contact.phone if command.contact else None
    # A guest finds the order again by signing in with this number, so it has to be one.
    if caller.kind is CallerKind.STOREFRONT and phone and phone_of(phone) is None:
        raise InvalidInput("This is not a phone number.", "contact.phone")
    kinds = {part.kind for line in priced.lines for part in line.offer.components}
    if command.shipping_address is None and any(kind_of(kind).needs_address for kind in kinds):
        raise ShippingAddressMissing()


def _demands(draft: OrderDraft) -> list[Demand]:
    return [
        Demand(
            fulfilment_id=part.id,
            order_id=draft.id,
            order_line_id=line.id,
            variant_id=part.variant_id,
            sku=part.sku,
            kind=part.kind,
            pool_id=part.pool_id,
            quantity=part.quantity,
            channel_id=draft.channel_id,
            path=line.path,
            customer_id=draft.customer_id,
        )
        for line in draft.lines
        for part in line.parts
    ]
