"""Buying as the contract's front ends do it, for the tests of what happens to the goods afterwards."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import uuid4

from tests.contract.front_end import FrontEnd

SHOP = "gd-sz-mini01"
CARD, NUMBERED, LINK, TOP_UP, FIGURE = "MGTV-1M", "IQY-GOLD-3M", "MOVIE-2D", "CMCC-30", "BILI-FIG"
ADDRESS = {
    "recipient": "李雷", "phone": "13800138000", "province": "广东", "city": "深圳", "line": "深南大道 1 号",
}  # fmt: skip
_phones = count(13_900_000_001)


def key() -> str:
    """A new idempotency key."""
    return uuid4().hex


def new_phone() -> str:
    """A number that nobody has used."""
    return str(next(_phones))


def place(front_end: FrontEnd, token: str, *lines: dict[str, Any], **more: Any) -> Any:
    """An order."""
    said = {"idempotencyKey": key(), "lines": list(lines), **more}
    return front_end.ask("PlaceOrder", token, input=said)


def pay(front_end: FrontEnd, token: str, order: Any, method: str = "SANDBOX") -> Any:
    """Its payment."""
    said = {"orderId": order["id"], "method": method, "idempotencyKey": key()}
    return front_end.ask("PayOrder", token, input=said)


def buy(front_end: FrontEnd, token: str, *lines: dict[str, Any], **more: Any) -> Any:
    """An order that is paid."""
    order = place(front_end, token, *lines, **more)
    assert pay(front_end, token, order)["__typename"] == "Payment"
    return order


def card_of(front_end: FrontEnd, token: str, sku: str = CARD) -> Any:
    """A card that somebody has just bought."""
    order = buy(front_end, token, {"sku": sku})
    (card,) = front_end.ask("MyOrder", token, id=order["id"])["lines"][0]["cards"]
    return card


def reveal(front_end: FrontEnd, token: str, card: Any) -> Any:
    """The card's secret."""
    return front_end.ask("RevealCard", token, input={"cardId": card["id"], "idempotencyKey": key()})


def redeem(front_end: FrontEnd, token: str, **said: Any) -> Any:
    """Its use."""
    return front_end.ask("RedeemCard", token, input={"idempotencyKey": key(), **said})


def redeemer(front_end: FrontEnd) -> str:
    """The token of the server at which cards are used."""
    tokens = front_end.demo.guide["apiTokens"]
    return str(next(one["token"] for one in tokens if one["scopes"] == ["cards:redeem"]))


def fen(money: Any) -> int:
    """An amount in minor units."""
    yuan, _, decimals = money["amount"].partition(".")
    return int(yuan + decimals)
