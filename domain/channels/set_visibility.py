"""Showing and hiding: what a channel, or one above it, selects from the catalogue for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain.access import permissions
from domain.access.callers import Caller
from domain.channels.book import Selection, hiding
from domain.channels.checks import refuse_newcomers
from domain.channels.events import VisibilityChanged
from domain.channels.grow import named
from domain.channels.rules import Goods
from domain.channels.tree import ChannelNode
from domain.channels.views import ChannelView
from domain.commands import Command, handles
from domain.refusals import InvalidInput, NotFound
from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SetVisibility(Command):
    """Show or hide a variant, a product, a category or everything in a channel and all below it."""

    requires: ClassVar[str | None] = permissions.PRICES_WRITE

    channel: str
    visible: bool
    variant: str | None = None
    product: str | None = None
    category: str | None = None


@handles(SetVisibility)
async def set_visibility(command: SetVisibility, caller: Caller, work: UnitOfWork) -> ChannelView:
    """Keep the caller's selection; it cannot show what another channel on the path hides.

    Refused where what it shows would break a margin or a floor there or below.
    """
    if sum(one is not None for one in (command.variant, command.product, command.category)) > 1:
        raise InvalidInput(
            "Name one variant, one product, one category, or nothing for everything.", "variant"
        )
    await work.prices.begin_change()
    node = await named(work, caller, command.channel, "channel")
    scope = await work.prices.scope(caller.channel, command.variant, command.product, command.category)
    if scope is None:
        at = "variant" if command.variant else "product" if command.product else "category"
        raise NotFound(at, at)
    shown = {goods.variant_id for goods in await work.prices.visible_goods(node.id)}
    await work.prices.select(
        Selection(
            caller.channel, node.id, command.visible, scope.variant_id, scope.product_id, scope.category_id
        )
    )
    if command.visible:
        await _check_newly_shown(shown, node, caller, work)
    work.record(VisibilityChanged(aggregate_id=node.id, channel_id=node.id, visible=command.visible))
    return ChannelView.of(node)


async def _check_newly_shown(shown: set[UUID], node: ChannelNode, caller: Caller, work: UnitOfWork) -> None:
    """Ask the rules of each channel that shows them now; who hides them itself is asked when it does not."""
    rules, family = await work.prices.rules_around(node.id), await work.tree.family(node.id)
    below = [child.channel_id for children in family.children.values() for child in children]
    selections = await work.prices.selections_of([*node.path, *below])
    alike: dict[frozenset[UUID], list[Goods]] = defaultdict(list)
    for goods in await work.prices.visible_goods(node.id):
        if goods.variant_id not in shown:
            alike[hiding(selections, goods)].append(goods)
    for hidden, some in alike.items():
        refuse_newcomers(family.without(hidden), some, rules, work.now, caller, "visible")
