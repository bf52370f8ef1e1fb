"""From rows of promotions and coupons to what the domain calls them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from domain.money import Money
from domain.promotions.kinds import settings_of
from domain.promotions.limits import Limits
from domain.promotions.promotion import Promotion
from domain.promotions.scoping import scope_of
from domain.promotions.views import (
    CouponBatchView,
    CouponView,
    FunderView,
    FundingAnswer,
    PromotionView,
    coupon_status,
    status_at,
)
from domain.refusals import InvalidInput

PROMOTION_COLUMNS = """p.id, p.owner_id, p.name, p.kind, p.status, p.currency, p.settings, p.scope,
    p.priority, p.exclusive, p.stack_group, p.starts_at, p.ends_at, p.budget_minor, p.most_orders,
    p.per_customer, p.per_device, p.created_at, p.stopped_at, o.code AS owner,
    cardinality(o.path) AS owner_depth"""
"""Of `promotion p` joined with its owner `channel o`."""

BATCH_COLUMNS = """b.id, b.promotion_id, b.quantity, b.uses, b.valid_from, b.valid_until, b.created_at,
    b.exported_at"""


def promotions_of(rows: Iterable[Any], funders: Iterable[Any]) -> list[Promotion]:
    """Promotions as the engine knows them; `funders` come in their order."""
    shares: dict[UUID, dict[UUID, int]] = {}
    for row in funders:
        shares.setdefault(row["promotion_id"], {})[row["channel_id"]] = row["share_bp"]
    found = (_promotion(row, shares.get(row["id"], {})) for row in rows)
    return [one for one in found if one is not None]


def _promotion(row: Any, funding: dict[UUID, int]) -> Promotion | None:
    """None for one whose kind is gone or has other settings now: the rest is sold all the same."""
    try:
        kind = settings_of(row["kind"], row["settings"])
    except (KeyError, InvalidInput):
        structlog.get_logger().warning("promotion.unreadable", promotion=str(row["id"]), kind=row["kind"])
        return None
    return Promotion(
        id=row["id"],
        name=row["name"],
        code=row["kind"],
        kind=kind,
        owner_id=row["owner_id"],
        owner_depth=row["owner_depth"],
        funding=funding,
        scope=scope_of(row["scope"]),
        priority=row["priority"],
        exclusive=row["exclusive"],
        stack_group=row["stack_group"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        limits=Limits(row["budget_minor"], row["most_orders"], row["per_customer"], row["per_device"]),
    )


def view_of(row: Any, now: datetime) -> PromotionView:
    """A promotion as it is shown."""
    budget = row["budget_minor"]
    return PromotionView(
        id=row["id"],
        owner_id=row["owner_id"],
        owner=row["owner"],
        name=row["name"],
        kind=row["kind"],
        status=status_at(row["status"], row["starts_at"], row["ends_at"], now),
        settings=row["settings"],
        scope=row["scope"],
        priority=row["priority"],
        exclusive=row["exclusive"],
        stack_group=row["stack_group"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        budget=None if budget is None else Money(budget, row["currency"]),
        orders=row["most_orders"],
        per_customer=row["per_customer"],
        per_device=row["per_device"],
        created_at=row["created_at"],
        stopped_at=row["stopped_at"],
        currency=row["currency"],
    )


def funder_of(row: Any) -> FunderView:
    """One who pays."""
    answer = FundingAnswer(row["answer"]) if row["answer"] else None
    return FunderView(row["channel_id"], row["code"], row["share_bp"], answer, row["answered_at"])


def batch_of(row: Any) -> CouponBatchView:
    """A batch of codes."""
    names = (
        "id", "promotion_id", "quantity", "uses", "valid_from", "valid_until", "created_at", "exported_at",
    )  # fmt: skip
    return CouponBatchView(*(row[name] for name in names))


def coupon_of(row: Any, code: str, now: datetime) -> CouponView:
    """A coupon in a wallet, with its opened code."""
    return CouponView(
        id=row["id"],
        promotion_id=row["promotion_id"],
        promotion=row["promotion"],
        code=code,
        status=coupon_status(row["used"], row["uses"], row["valid_from"], row["valid_until"], now),
        claimed_at=row["claimed_at"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
    )
