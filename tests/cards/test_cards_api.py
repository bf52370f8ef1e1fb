"""Front ends, agents, headquarters and redeemers deal with cards by the consumers' own documents."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import strawberry

import server
from domain.access.callers import Caller
from persistence.reads import StoredReads
from schema.context import Context
from schema.ids import encode
from tests.cards.stockroom import Stockroom

CONTRACT = Path(__file__).parents[1] / "contract"


@pytest.fixture(scope="module")
def api() -> strawberry.Schema:
    return server.build_schema()


def document(persona: str, name: str) -> str:
    """One operation of a persona's file."""
    text = (CONTRACT / f"{persona}.graphql").read_text("utf-8")
    found = re.search(rf"^(?:query|mutation) {name}\b(?:.*?^\}}|[^\n]*\}}$)", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[0]


async def send(room: Stockroom, api: strawberry.Schema, text: str, caller: Caller, **variables: Any) -> Any:
    """The one field of the answer's data, which must come without errors."""
    context = Context(caller, StoredReads(room.database, room.tools), room.perform, None)  # type: ignore[arg-type]
    result: Any = await api.execute(text, variables, context)
    assert result.errors is None, result.errors
    (value,) = result.data.values()
    return value


async def test_a_card_goes_from_stock_to_its_redeemer(room: Stockroom, api: strawberry.Schema) -> None:
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    (secret,) = await room.minted(sku, 1)
    wanted = {"channel": "province", "sku": "month", "quantity": 1, "idempotencyKey": "k"}
    quota = await send(room, api, document("agent", "AllocateStock"), room.agent(), input=wanted)
    assert quota == {
        "__typename": "StockQuota", "sku": "month", "channel": {"code": "province"},
        "granted": 1, "used": 0, "left": 1,
    }  # fmt: skip
    (card,) = await room.buy(sku, buyer)
    card_id = encode("crd", card)
    asked = {"cardId": card_id, "idempotencyKey": "k"}
    shown = await send(room, api, document("storefront", "RevealCard"), buyer, input=asked)
    assert (shown["secret"], shown["number"], shown["link"]) == (secret.reveal(), None, None)
    assert shown["card"] == {"id": card_id, "status": "REVEALED"}
    assert shown["watermark"].startswith("138****0000 · Q")
    use = {"secret": secret.reveal(), "idempotencyKey": "k"}
    used = await send(room, api, document("redeemer", "RedeemCard"), redeemer, input=use)
    assert used["card"] == {"id": card_id, "sku": "month", "status": "REDEEMED"}

    listed = await send(room, api, document("agent", "ChannelCards"), room.agent("city"), status=["REDEEMED"])
    assert listed["totalCount"] == 1
    assert listed["edges"][0]["node"]["channel"] == {"code": "shop"}
    traced = await send(
        room, api, document("headquarters", "TraceCard"), room.agent(), secret=secret.reveal()
    )
    assert_whole_life(traced)
    frozen = await send(
        room,
        api,
        document("headquarters", "FreezeCard"),
        room.agent(),
        input={"cardId": card_id, "reason": "x"},
    )
    assert (frozen["__typename"], frozen["code"]) == ("CardNotFreezable", "CARD_NOT_FREEZABLE")


def assert_whole_life(traced: Any) -> None:
    assert traced["chainIntact"] is True
    assert traced["card"]["channel"] == {"code": "shop", "name": "shop"}
    assert [(event["to"], event["channel"]["code"]) for event in traced["events"]] == [
        ("IN_STOCK", "root"), ("ALLOCATED", "province"), ("RESERVED", "shop"), ("SOLD", "shop"),
        ("DELIVERED", "shop"), ("REVEALED", "shop"), ("REDEEMING", "root"), ("REDEEMED", "root"),
    ]  # fmt: skip
    assert traced["events"][-1]["actor"] == {"kind": "API_CLIENT", "name": "redeemer"}


async def test_refusals_of_redemption_look_alike_and_take_as_long(dsn: str, api: strawberry.Schema) -> None:
    room = await Stockroom.open(dsn, redemption_answer_ms=300)
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    sold, unsold = await room.minted(sku, 2)
    await room.buy(sku, buyer)
    text = document("redeemer", "RedeemCard")
    await send(room, api, text, redeemer, input={"secret": sold.reveal(), "idempotencyKey": "k"})
    answers = []
    for n, said in enumerate((sold.reveal(), unsold.reveal(), "0" * 16, "never-issued-1")):
        began_s = time.monotonic()
        answers.append(
            await send(room, api, text, redeemer, input={"secret": said, "idempotencyKey": f"k{n}"})
        )
        assert time.monotonic() - began_s >= 0.3
    assert all(answer == answers[0] for answer in answers)
    assert answers[0] == {
        "__typename": "CardNotRedeemable", "code": "CARD_NOT_REDEEMABLE",
        "message": "This card cannot be redeemed.", "field": None,
    }  # fmt: skip
    await room.database.close()


async def test_what_is_not_yours_is_as_if_it_never_was(room: Stockroom, api: strawberry.Schema) -> None:
    sku, buyer, stranger = await room.sku("month"), await room.customer(), await room.customer("other")
    await room.minted(sku, 1)
    (card,) = await room.buy(sku, buyer)
    unknown = encode("crd", buyer.channel)
    node = "query ($id: ID!) { node(id: $id) { id } }"
    mine = await send(room, api, node, buyer, id=encode("crd", card))
    assert mine == {"id": encode("crd", card)}
    reveal = document("storefront", "RevealCard")
    answers = []
    for said in (encode("crd", card), unknown, "crd_nonsense", "ord_nonsense"):
        assert await send(room, api, node, stranger, id=said) is None
        asked = {"cardId": said, "idempotencyKey": "k"}
        answers.append(await send(room, api, reveal, stranger, input=asked))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["__typename"] == "NotFound"
