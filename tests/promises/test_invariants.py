"""The invariants are true of a trade that went well, and each of them notices when it is not."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from domain.access.callers import Caller
from domain.cards.redeem_card import RedeemCard
from domain.cards.reveal_card import RevealCard
from domain.orders.basket import WantedLine
from domain.orders.place import PlaceOrder
from domain.orders.views import OrderView
from domain.payments.pay import PayOrder
from persistence.relay import Relay
from tests.orders.shop import ADDRESS
from tests.promises.invariants import SENTENCES, broken
from tests.promises.trade import Trade

FAULTS: dict[str, str] = {
    "an order is paid if and only if all that was due was captured once": "DELETE FROM payment",
    "a part has as many cards as it says, in the state that it says": """
        UPDATE fulfilment SET quantity = quantity + 1""",
    "a reserved card belongs to an order that awaits its payment": """
        UPDATE orders SET status = 'EXPIRED' WHERE status = 'AWAITING_PAYMENT'""",
    "a card is either free and nobody's, or on one line of one order of one shop": """
        UPDATE card SET order_line_id = (SELECT id FROM order_line ORDER BY id LIMIT 1)
         WHERE state = 'RESERVED'""",
    "the gate knows how many cards are free in each pool, and starts at the first": """
        UPDATE stock_level SET head = head + 100000""",
    "a free card is ALLOCATED exactly where it lies with a channel below the root": """
        UPDATE card SET state = 'ALLOCATED' WHERE state = 'IN_STOCK'""",
    "a card is in the state that its last event names": """
        UPDATE card SET state = 'SOLD' WHERE state = 'DELIVERED'""",
    "a card is redeemed once, and whoever redeemed it has it in writing": "DELETE FROM redemption",
    "every look at a secret is in writing": "DELETE FROM reveal",
    "what is sent by post has one parcel once it is paid": "DELETE FROM shipment",
    "an order's amounts add up": "UPDATE order_line SET total_minor = total_minor - 1",
    "a key that is kept has its answer": "UPDATE idempotency SET result = NULL",
    "nothing waits to be relayed": "INSERT INTO outbox (kind, aggregate_id) VALUES ('x', gen_random_uuid())",
    "events are numbered without a gap": "DELETE FROM event WHERE position = 3",
    "an order's events lead, one from another, to where it is": """
        DELETE FROM event WHERE kind = 'order.changed' AND payload->>'from' IS NULL""",
    "each step of a sold card was told once, and nothing that did not happen": """
        UPDATE event SET payload = payload || '{"to": "VOIDED"}' WHERE kind = 'card.status'""",
    "every card's chain of events is intact": "UPDATE card_event SET reason = 'another' WHERE ordinal = 2",
    "every order and line is explained by its parts": "UPDATE order_line SET status = 'FAILED'",
    "a balance is the sum of its entries": "UPDATE ledger_account SET balance_minor = balance_minor + 1",
    "all entries sum to zero": "UPDATE ledger_entry SET minor = minor + 1",
    "what is held is what unpaid orders cost their shops": """
        UPDATE order_line SET quantity = quantity + 1""",
    "an order's money was held, and then divided or given back": """
        UPDATE ledger_transfer SET type = 'LOSS' WHERE type = 'SALE'""",
}


async def caller_of(trade: Trade, token: str) -> Caller:
    return await trade.store.authenticator.caller_of(token, address="", device_id=None, request_id="story")


async def a_good_day(trade: Trade) -> None:
    """Orders that are paid, one of them revealed and redeemed, one sent by post; and one that waits."""
    await trade.add_product("KEY")
    await trade.add_product("FIGURE", "PHYSICAL")
    await trade.count("FIGURE", 5)
    secrets = await trade.stock_known("KEY", 10)
    (session,) = await trade.customers(1)
    buyer, shop = await caller_of(trade, session), await caller_of(trade, trade.shop)
    for sku, quantity, pays in (("KEY", 2, True), ("KEY", 1, True), ("FIGURE", 1, True), ("KEY", 3, False)):
        lines = (WantedLine(sku, quantity, None),)
        place = PlaceOrder(uuid4().hex, lines, shipping_address=ADDRESS)
        order: OrderView = await trade.perform(place, buyer)
        if pays:
            await trade.perform(PayOrder(uuid4().hex, order.id, "SHOP_COLLECTED"), shop)
    card = await trade.value("SELECT id FROM card WHERE state = 'DELIVERED' ORDER BY seq LIMIT 1")
    await trade.perform(RevealCard(card, "look"), buyer)
    await trade.perform(RedeemCard("use", secret=secrets[0]), await caller_of(trade, trade.redeemer))
    while await Relay(trade.store.database, trade.store.bell).move():
        pass


async def test_a_good_day_leaves_everything_sound(trade: Trade) -> None:
    await a_good_day(trade)
    assert await trade.states("KEY") == {"IN_STOCK": 4, "RESERVED": 3, "DELIVERED": 2, "REDEEMED": 1}
    assert await broken(trade.owner) == {}


async def test_each_sentence_notices_what_breaks_it(trade: Trade) -> None:
    assert set(FAULTS) == set(SENTENCES)
    await a_good_day(trade)
    unnoticed = [sentence for sentence, fault in FAULTS.items() if sentence not in await after(trade, fault)]
    assert unnoticed == []
    assert await broken(trade.owner) == {}


async def after(trade: Trade, fault: str) -> dict[str, list[Any]]:
    """What is broken once a fault was written; it is taken back."""
    transaction = trade.owner.transaction()
    await transaction.start()
    try:
        # Neither the trigger nor a foreign key stands in the way of what must not be.
        await trade.owner.execute("SET LOCAL session_replication_role = replica")
        assert await trade.owner.execute(fault) not in ("UPDATE 0", "DELETE 0")
        return await broken(trade.owner)
    finally:
        await transaction.rollback()
