"""The server at which cards are used."""

from __future__ import annotations

from schema import ids
from tests.contract.documents import executes
from tests.contract.front_end import FrontEnd
from tests.contract.shopping import CARD, LINK, NUMBERED, SHOP, card_of, key, new_phone, redeemer, reveal


@executes("RedeemCard")
def test_a_card_is_used_once(front_end: FrontEnd) -> None:
    customer, server = front_end.demo.customer(new_phone(), SHOP), redeemer(front_end)
    card = card_of(front_end, customer)
    said = {"secret": reveal(front_end, customer, card)["secret"], "sku": CARD, "idempotencyKey": key()}
    used = front_end.ask("RedeemCard", server, input=said)
    assert used["__typename"] == "Redemption"
    assert used["card"] == {"id": card["id"], "sku": CARD, "status": "REDEEMED"}
    assert front_end.ask("RedeemCard", server, input=said) == used
    again = front_end.ask("RedeemCard", server, input={**said, "idempotencyKey": key()})
    unknown = front_end.ask("RedeemCard", server, input={"secret": "NOSUCHCODE", "idempotencyKey": key()})
    assert again == unknown
    assert again["__typename"] == "CardNotRedeemable"
    card_id = ids.decode("crd", card["id"])
    assert front_end.demo.value("SELECT state FROM card WHERE id = $1", card_id) == "REDEEMED"
    stored = front_end.demo.rows("SELECT id FROM redemption WHERE card_id = $1", card_id)
    assert [row["id"] for row in stored] == [ids.decode("rdm", used["id"])]


@executes("RedeemCard")
def test_a_numbered_card_and_a_link_are_used(front_end: FrontEnd) -> None:
    customer, server = front_end.demo.customer(new_phone(), SHOP), redeemer(front_end)
    number = reveal(front_end, customer, card_of(front_end, customer, NUMBERED))
    link = reveal(front_end, customer, card_of(front_end, customer, LINK))
    by_number = {"number": number["number"], "secret": number["secret"], "idempotencyKey": key()}
    for said in (by_number, {"secret": link["link"], "idempotencyKey": key()}):
        assert front_end.ask("RedeemCard", server, input=said)["card"]["status"] == "REDEEMED"


@executes("RedeemCard")
def test_a_storefront_may_not_use_cards(front_end: FrontEnd) -> None:
    storefront = front_end.demo.guide["storefrontTokens"][SHOP]
    found = front_end.send("RedeemCard", storefront, input={"secret": "ANY", "idempotencyKey": key()})
    assert found.data == {"redeemCard": None}
    assert [error["extensions"]["code"] for error in found.errors] == ["FORBIDDEN"]
