"""From priced lines to the rows of an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from domain.ids import new_id
from domain.money import split
from domain.orders.pricing import Priced, PricedLine, account_for
from domain.orders.records import LineDraft, OrderDraft, PartDraft
from domain.orders.status import BundlePolicy

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.place import PlaceOrder
    from domain.promotions.evaluate import Evaluation
    from domain.work import UnitOfWork


def draft_of(command: PlaceOrder, priced: Priced, caller: Caller, work: UnitOfWork) -> OrderDraft:
    """The order as it is to be written; it waits for payment as long as the terms say."""
    contact = _said(command.contact)
    phone = contact.get("phone")
    return OrderDraft(
        id=new_id(),
        channel_id=caller.channel,
        customer_id=caller.customer_id,
        external_id=command.external_id,
        currency=priced.currency,
        subtotal_minor=priced.total_minor + priced.discount_minor,
        discount_minor=priced.discount_minor,
        total_minor=priced.total_minor,
        contact=contact,
        shipping_address=_said(command.shipping_address) or None,
        contact_phone_hmac=work.credentials.phone_hmac(phone) if phone else None,
        device_id=command.device_id or caller.device_id,
        address=caller.address,
        placed_by_kind=caller.kind.value,
        placed_by_id=caller.subject_id,
        expires_at=work.now + work.orders.terms.reservation_ttl,
        lines=tuple(
            _line(line, position, discounts_of(priced.given, position))
            for position, line in enumerate(priced.lines)
        ),
    )


def _said(view: Any) -> Mapping[str, Any]:
    return {name: value for name, value in asdict(view).items() if value is not None} if view else {}


def _line(line: PricedLine, position: int, discounts: Mapping[str, Any] | None) -> LineDraft:
    offer, quantity = line.offer, line.wanted.quantity
    return LineDraft(
        id=new_id(),
        position=position,
        variant_id=offer.variant_id,
        sku=offer.sku,
        quantity=quantity,
        unit_minor=line.unit_minor,
        list_minor=offer.list_minor,
        discount_minor=line.discount_minor,
        total_minor=line.total_minor,
        cost_minor=offer.cost_minor,
        account=line.wanted.account,
        policy=_policy(line),
        path=offer.path,
        transfer_minor=offer.transfer_minor,
        trace={
            "rules": [step.facts() for step in offer.rules],
            "retail": offer.retail_minor,
            "floor": offer.floor_minor,
        },
        discounts=discounts,
        parts=_parts(line),
    )


def discounts_of(given: Evaluation, position: int) -> Mapping[str, Any] | None:
    """What each promotion takes off a line and who pays for it, as it is kept: refunds and ledger read it."""
    found = [
        {
            "promotion": one.promotion.id,
            "name": one.promotion.name,
            "kind": one.promotion.code,
            "phase": one.phase.name,
            "coupon": one.coupon_id,
            "minor": one.lines[position],
            "shares": [[funder, minor] for funder, minor in one.shares[position].items()],
        }
        for one in given.adjustments
        if position in one.lines
    ]
    return {"given": found} if found else None


def _policy(line: PricedLine) -> BundlePolicy | None:
    if line.offer.kind != "BUNDLE":
        return None
    best_effort = bool(line.offer.settings.get("best_effort", False))
    return BundlePolicy.BEST_EFFORT if best_effort else BundlePolicy.ALL_OR_NOTHING


def _parts(line: PricedLine) -> tuple[PartDraft, ...]:
    """One fulfilment for each component; each has its share of the line's price by list price."""
    parts = line.offer.components
    shares = split(line.total_minor, [part.list_minor * part.quantity for part in parts])
    return tuple(
        PartDraft(
            id=new_id(),
            variant_id=part.variant_id,
            sku=part.sku,
            kind=part.kind,
            quantity=part.quantity * line.wanted.quantity,
            pool_id=part.pool_id,
            allocated_minor=allocated,
            account=account_for(part, line.offer, line.wanted.account),
        )
        for part, allocated in zip(parts, shares, strict=True)
    )
