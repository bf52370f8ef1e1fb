"""Verbs of cards: look at one, use one, stop one, see where one has been, and hand stock on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from domain.access.permissions import (
    CARDS_FREEZE,
    CARDS_READ,
    CARDS_REDEEM,
    CARDS_REVEAL,
    CARDS_TRACE,
    STOCK_ALLOCATE,
)
from domain.cards import hold_card, refusals, views
from domain.cards.allocate_stock import AllocateStock
from domain.cards.ports import CardFilter
from domain.cards.redeem_card import BeginRedemption, RedeemCard, SettleRedemption
from domain.cards.reveal_card import RevealCard
from domain.paging import PageRequest
from domain.refusals import TooManyAttempts
from domain.selected import ALL, Selected
from schema import cards as nouns
from schema.cards import Card, CardTrace, CardTraceEvent, Redemption, RevealedCard, StockQuota
from schema.context import Context
from schema.ids import decode, required
from schema.levels import level
from schema.nouns import shown
from schema.paging import After, Before, Connection, First, Last
from schema.verbs import mutation, query


@query(requires=CARDS_READ)
async def card(
    context: Context,
    id: Annotated[strawberry.ID, strawberry.argument(description="The card's id.")],
    selected: Selected = ALL,
) -> Card | None:
    """A card; null where there is none that you may see."""
    card_id = decode("crd", id)
    if card_id is None:
        return None
    found = await context.reads.cards.by_ids(context.caller, [card_id], selected)
    return shown(Card, found.get(card_id))


@query(requires=CARDS_READ)
async def cards(
    context: Context,
    filter: Annotated[nouns.CardsFilter | None, strawberry.argument(description="Which cards.")] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    selected: Selected = ALL,
) -> Connection[Card] | None:
    """Your own cards, or those sold by your channel and all below it and what lies in their stock."""
    request = PageRequest.of(first, after, last, before, "cards")
    wanted = CardFilter() if filter is None else filter.wanted()
    page = await context.reads.cards.page(context.caller, wanted, request, selected.nodes)
    return shown(Connection[Card], page)


@query(requires=CARDS_TRACE)
async def trace_card(
    context: Context,
    secret: Annotated[str, strawberry.argument(description="The secret, however it was typed.")],
) -> CardTrace | None:
    """Through whose hands the card with this secret went; null where there is none."""
    return shown(CardTrace, await context.reads.cards.trace(context.caller, secret))


@mutation(
    requires=CARDS_REVEAL,
    fails_with=(refusals.RevealLimitReached, refusals.RevealExpired, refusals.CardNotRevealable),
)
async def reveal_card(context: Context, input: nouns.RevealCardInput) -> RevealedCard:
    """Look at your own card's secret; how often is limited, and each time is on record."""
    card_id = required("crd", input.card_id, "card", "cardId")
    return shown(RevealedCard, await context.perform(RevealCard(card_id, input.idempotency_key)))


@mutation(requires=CARDS_REDEEM, fails_with=(refusals.CardNotRedeemable, TooManyAttempts))
async def redeem_card(context: Context, input: nouns.RedeemCardInput) -> Redemption:
    """Use a card. Whatever is wrong with it, the refusal and its time are the same."""
    return shown(Redemption, await _redeem(context, RedeemCard, input))


@mutation(requires=CARDS_REDEEM, fails_with=(refusals.CardNotRedeemable, TooManyAttempts))
async def begin_redemption(context: Context, input: nouns.RedeemCardInput) -> Redemption:
    """Take a card's lease, and settle it when you know whether it was used."""
    return shown(Redemption, await _redeem(context, BeginRedemption, input))


@mutation(requires=CARDS_REDEEM, fails_with=(refusals.RedemptionSettled, refusals.LeaseOver))
async def settle_redemption(context: Context, input: nouns.SettleRedemptionInput) -> Redemption:
    """Say how a redemption ended: a failure gives the card back, as long as the lease lasts."""
    redemption_id = required("rdm", input.redemption_id, "redemption", "redemptionId")
    return shown(Redemption, await context.perform(SettleRedemption(redemption_id, input.outcome)))


@mutation(requires=CARDS_REVEAL, fails_with=(refusals.CardNotActivatable,))
async def activate_card(context: Context, input: nouns.ActivateCardInput) -> Card:
    """Activate your own card, where the product needs it."""
    card_id = required("crd", input.card_id, "card", "cardId")
    return shown(Card, await context.perform(hold_card.ActivateCard(card_id)))


@mutation(requires=CARDS_FREEZE, fails_with=(refusals.CardNotFreezable,))
async def freeze_card(context: Context, input: nouns.FreezeCardInput) -> Card:
    """Stop a card, sold or not."""
    card_id = required("crd", input.card_id, "card", "cardId")
    return shown(Card, await context.perform(hold_card.FreezeCard(card_id, input.reason)))


@mutation(requires=CARDS_FREEZE, fails_with=(refusals.CardNotFrozen,))
async def unfreeze_card(context: Context, input: nouns.FreezeCardInput) -> Card:
    """Let a frozen card go on where it was."""
    card_id = required("crd", input.card_id, "card", "cardId")
    return shown(Card, await context.perform(hold_card.UnfreezeCard(card_id, input.reason)))


@mutation(requires=STOCK_ALLOCATE, fails_with=(refusals.QuotaExceeded,))
async def allocate_stock(context: Context, input: nouns.AllocateStockInput) -> StockQuota:
    """Hand stock to a channel right below yours, or take back what is unused."""
    command = AllocateStock(input.idempotency_key, input.channel, input.sku, input.quantity)
    return shown(StockQuota, await context.perform(command))


@level(Card, "channel_id", joined=True)
@level(CardTraceEvent, "channel_id")
@level(StockQuota, "channel_id", joined=True)
async def channel(
    owners: Sequence[views.CardView | views.TraceEventView | views.StockQuotaView],
    context: Context,
    selected: Selected = ALL,
) -> list[Any]:
    """Where it was sold, lies or went; null above the caller and beside it."""
    return list(
        await context.reads.channels.by_ids(context.caller, [one.channel_id for one in owners], selected)
    )


@level(Card, "order_id", joined=True)
async def order(cards: Sequence[views.CardView], context: Context, selected: Selected = ALL) -> list[Any]:
    """The order it was sold in."""
    ids = [one.order_id for one in cards if one.order_id is not None]
    found = await context.reads.orders.by_ids(context.caller, ids, selected) if ids else {}
    return [None if one.order_id is None else found.get(one.order_id) for one in cards]


@level(RevealedCard)
async def number(revealed: Sequence[views.RevealedCard], context: Context) -> list[str | None]:
    """In the clear, for its owner."""
    return [one.number.reveal() if one.number else None for one in revealed]


@level(RevealedCard)
async def secret(revealed: Sequence[views.RevealedCard], context: Context) -> list[str | None]:
    """In the clear, for its owner."""
    return [one.secret.reveal() if one.secret else None for one in revealed]


@level(RevealedCard)
async def link(revealed: Sequence[views.RevealedCard], context: Context) -> list[str | None]:
    """In the clear, for its owner."""
    return [one.link.reveal() if one.link else None for one in revealed]


async def _redeem(context: Context, kind: type[RedeemCard], input: nouns.RedeemCardInput) -> Any:
    """Carry it out; a refusal comes no sooner than its time, whatever was found on the way."""
    began_s = time.monotonic()
    command = kind(input.idempotency_key, input.secret, input.number, input.presentation, input.sku)
    try:
        return await context.perform(command)
    except refusals.CardNotRedeemable as refused:
        await asyncio.sleep(max(0.0, began_s + refused.padded_to_s - time.monotonic()))
        raise
