"""Making a promotion: checked against what its channel may name, and live once everybody who pays agrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from domain.access.callers import CallerKind
from domain.access.identifiers import storable
from domain.access.permissions import PROMOTIONS_WRITE
from domain.commands import IdempotentCommand, handles
from domain.ids import new_id
from domain.money import FULL_BP
from domain.promotions.events import PromotionChanged
from domain.promotions.kinds import KINDS, settings_of
from domain.promotions.limits import Limits
from domain.promotions.ports import FunderDraft, PromotionDraft
from domain.promotions.refusals import FundingIncomplete
from domain.promotions.scoping import WantedScope, resolve_scope
from domain.promotions.views import PromotionStatus
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.promotions.promotion import PromotionKind
    from domain.promotions.views import PromotionView
    from domain.work import UnitOfWork

LONGEST_NAME = 100
MOST_FUNDERS = 10
MOST_COUNT = 10**13


@dataclass(frozen=True, slots=True)
class CreatePromotion(IdempotentCommand):
    """Offer something in the caller's channel and all below it."""

    requires: ClassVar[str | None] = PROMOTIONS_WRITE

    name: str
    kind: str
    settings: Mapping[str, Any]
    scope: WantedScope
    funding: tuple[tuple[str, int], ...] = ()
    """(Channel code, basis points); empty where the owner pays all of it."""
    priority: int = 0
    exclusive: bool = False
    stack_group: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    limits: Limits = Limits()  # noqa: RUF009 - frozen, and nothing but what is said


@handles(CreatePromotion)
async def create_promotion(command: CreatePromotion, caller: Caller, work: UnitOfWork) -> PromotionView:
    """Keep it; it is live at once where nobody else has to agree."""
    kind = _check(command)
    await work.prices.begin_change()
    scope = await resolve_scope(command.scope, caller, work)
    await _check_names(kind, caller, work)
    funders = await _funders(command.funding, caller, work)
    agreed = all(funder.accepted for funder in funders)
    status = PromotionStatus.LIVE if agreed else PromotionStatus.AWAITING_FUNDING
    limits = command.limits
    kept = await work.promotions.add(
        PromotionDraft(
            id=new_id(),
            owner_id=caller.channel,
            name=command.name.strip(),
            kind=command.kind,
            status=status.value,
            settings=dict(command.settings),
            scope=scope,
            priority=command.priority,
            exclusive=command.exclusive,
            stack_group=command.stack_group,
            starts_at=command.starts_at,
            ends_at=command.ends_at,
            budget_minor=limits.budget_minor,
            most_orders=limits.orders,
            per_customer=limits.per_customer,
            per_device=limits.per_device,
            made_by=caller.subject_id if caller.kind is CallerKind.AGENT else None,
            funders=funders,
        )
    )
    tell(kept, None, work)
    return kept


def tell(promotion: PromotionView, before: str | None, work: UnitOfWork) -> None:
    """Record where a promotion stands now."""
    work.record(
        PromotionChanged(
            aggregate_id=promotion.id,
            channel_id=promotion.owner_id,
            status=promotion.status.value,
            from_status=before,
        )
    )


def _check(command: CreatePromotion) -> PromotionKind:
    """What can be checked without looking anything up; raises InvalidInput."""
    for at, text in (("name", command.name), ("stackGroup", command.stack_group)):
        if text is not None and (not 0 < len(text.strip()) <= LONGEST_NAME or not storable(text)):
            raise InvalidInput(f"This is text of 1 to {LONGEST_NAME} characters.", at)
    if command.starts_at and command.ends_at and command.ends_at <= command.starts_at:
        raise InvalidInput("It ends after it has begun.", "endsAt")
    if abs(command.priority) > 1_000_000:
        raise InvalidInput("A priority lies between -1,000,000 and 1,000,000.", "priority")
    limits = command.limits
    said = (limits.budget_minor, limits.orders, limits.per_customer, limits.per_device)
    if any(one is not None and not 0 < one <= MOST_COUNT for one in said):
        raise InvalidInput("A limit is at least 1; leave it out where there is none.", "limits")
    if command.kind not in KINDS:
        raise InvalidInput(f"There is no such kind; there are {', '.join(KINDS)}.", "kind")
    return settings_of(command.kind, command.settings)


async def _check_names(kind: PromotionKind, caller: Caller, work: UnitOfWork) -> None:
    """SKUs and channels of the settings exist for the caller; raises NotFound."""
    for sku in sorted(kind.skus):
        if await work.prices.scope(caller.channel, sku, None, None) is None:
            raise NotFound(f"product with the SKU {sku}", "settings")
    for code in sorted(kind.channels):
        if await work.tree.in_scope(caller, code) is None:
            raise NotFound(f"channel {code}", "settings")


async def _funders(
    funding: tuple[tuple[str, int], ...], caller: Caller, work: UnitOfWork
) -> tuple[FunderDraft, ...]:
    """Those on the owner's path and below it can pay; the owner agrees by making it."""
    if not funding:
        return (FunderDraft(caller.channel, FULL_BP, accepted=True),)
    total = sum(share for _, share in funding)
    if len(funding) > MOST_FUNDERS or any(share < 1 for _, share in funding):
        raise InvalidInput(f"Up to {MOST_FUNDERS} channels pay at least one basis point each.", "funding")
    if total != FULL_BP:
        raise FundingIncomplete(total)
    above = {node.code: node.id for node in await work.tree.path_of(caller.channel)}
    found: dict[UUID, FunderDraft] = {}
    for at, (code, share) in enumerate(funding):
        funder = above.get(code)
        if funder is None:
            node = await work.tree.in_scope(caller, code)
            funder = node.id if node else None
        if funder is None:
            raise NotFound(f"channel {code}", f"funding.{at}.channel")
        if funder in found:
            raise InvalidInput("Each channel is named once.", f"funding.{at}.channel")
        found[funder] = FunderDraft(funder, share, accepted=funder == caller.channel)
    return tuple(found.values())
