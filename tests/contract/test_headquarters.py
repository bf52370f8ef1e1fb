"""Headquarters: the catalogue, cards that come in, and single cards."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from persistence.demo.cards import FILES
from schema import ids
from tests.contract.documents import executes
from tests.contract.front_end import FrontEnd
from tests.contract.shopping import CARD, SHOP, card_of, key, new_phone, reveal

STEPS = ["IN_STOCK", "RESERVED", "SOLD", "DELIVERED", "REVEALED"]
ENDED = ("SUCCEEDED", "FAILED")


@pytest.fixture
def headquarters(front_end: FrontEnd) -> str:
    """The owner of headquarters."""
    return front_end.demo.sign_in("hq")


def product(front_end: FrontEnd, token: str, **said: Any) -> Any:
    """A new product of one variant, whose SKU is its slug in capitals."""
    slug = f"p-{uuid4().hex[:12]}"
    variant = {
        "sku": slug.upper(), "name": "月卡", "listPrice": {"amount": "20.00"}, "cost": {"amount": "10.00"},
        "validDays": 365,
    }  # fmt: skip
    wanted = {
        "slug": slug, "name": "新品", "kind": "CARD_KEY", "category": "video", "variants": [variant], **said,
    }  # fmt: skip
    return front_end.ask("CreateProduct", token, input=wanted)


def ended(front_end: FrontEnd, token: str, id: str) -> Any:
    """The import when all of its rows are done."""

    def look() -> Any:
        found = front_end.ask("ImportProgress", token, id=id)
        return found if found["status"] in ENDED else None

    return front_end.demo.until(look)


def sheet(*codes: str) -> bytes:
    """A csv file of codes."""
    return "\n".join(["卡密", *codes]).encode("gbk")


def fresh_codes(count: int) -> list[str]:
    """Codes that nobody has."""
    return [f"K{uuid4().hex[:15].upper()}" for _ in range(count)]


@executes("CreateProduct", "UpdateProduct")
def test_a_product_is_made_and_described_anew(front_end: FrontEnd, headquarters: str) -> None:
    made = product(front_end, headquarters, brand="品牌", description="说明")
    assert (made["__typename"], made["kind"]) == ("Product", "CARD_KEY")
    said = {"slug": made["slug"], "name": "改名", "category": "music", "published": False}
    changed = front_end.ask("UpdateProduct", headquarters, input=said)
    assert changed == {"__typename": "Product", "id": made["id"], "slug": made["slug"], "name": "改名"}
    (row,) = front_end.demo.rows(
        """SELECT p.name, p.brand, p.description, p.published, c.slug, v.id, v.list_minor, v.cost_minor
             FROM product p JOIN category c ON c.id = p.category_id JOIN variant v ON v.product_id = p.id
            WHERE p.id = $1""",
        ids.decode("prd", made["id"]),
    )
    variant_id = ids.decode("var", made["variants"][0]["id"])
    assert tuple(row) == ("改名", "品牌", "说明", False, "music", variant_id, 2_000, 1_000)
    unknown = front_end.ask("UpdateProduct", headquarters, input={"slug": "no-such", "name": "x"})
    assert (unknown["__typename"], unknown["field"]) == ("NotFound", ["slug"])


@executes("CreateProduct")
def test_a_bundle_is_made_of_what_there_is(front_end: FrontEnd, headquarters: str) -> None:
    parts = [{"sku": CARD}, {"sku": "BILI-1M", "quantity": 2}]
    sku = f"B-{uuid4().hex[:8]}"
    variants = [{"sku": sku, "name": "套餐", "listPrice": {"amount": "60.00", "currency": "CNY"}}]
    made = product(front_end, headquarters, kind="BUNDLE", variants=variants, components=parts)
    assert made["__typename"] == "Product"
    stored = front_end.demo.rows(
        """SELECT v.sku, k.quantity FROM component k JOIN variant v ON v.id = k.variant_id
            WHERE k.bundle_id = $1 ORDER BY k.position""",
        ids.decode("prd", made["id"]),
    )
    assert [tuple(row) for row in stored] == [(CARD, 1), ("BILI-1M", 2)]


@executes("ImportCards", "ImportProgress", "WithdrawImport")
def test_a_file_is_tried_imported_and_withdrawn(front_end: FrontEnd, headquarters: str) -> None:
    made = product(front_end, headquarters)
    sku, codes = made["variants"][0]["sku"], fresh_codes(5)
    content = sheet(*codes, codes[0], codes[1])
    said = {"sku": sku, "idempotencyKey": key(), "columns": {"secret": "卡密"}}
    tried = front_end.upload("ImportCards", headquarters, content, "cards.csv", dryRun=True, **said)
    assert (tried["__typename"], tried["dryRun"]) == ("CardImport", True)
    report = ended(front_end, headquarters, tried["id"])
    assert [report[name] for name in ("rowsRead", "accepted", "rejected", "percent")] == [7, 5, 2, 100]
    stock = """SELECT count(*) FROM card c JOIN variant v ON v.id = c.variant_id
                WHERE v.sku = $1 AND c.state = 'IN_STOCK'"""
    assert front_end.demo.value(stock, sku) == 0
    said["idempotencyKey"] = key()
    real = front_end.upload("ImportCards", headquarters, content, "cards.csv", **said)
    assert front_end.upload("ImportCards", headquarters, content, "cards.csv", **said)["id"] == real["id"]
    report = ended(front_end, headquarters, real["id"])
    assert report["status"] == "SUCCEEDED"
    assert front_end.demo.value(stock, sku) == 5
    page = front_end.ask("ImportProgress", headquarters, id=real["id"], first=1)["rejections"]
    after = page["pageInfo"]["endCursor"]
    rest = front_end.ask("ImportProgress", headquarters, id=real["id"], first=1, after=after)["rejections"]
    found = [edge["node"] for edge in (*page["edges"], *rest["edges"])]
    assert found == [{"row": row, "reason": "DUPLICATE_IN_FILE"} for row in (7, 8)]
    said = {"id": real["id"], "reason": "wrong file"}
    gone = front_end.ask("WithdrawImport", headquarters, input=said)
    assert gone == {"__typename": "CardImport", "id": real["id"], "status": "WITHDRAWN"}
    assert front_end.demo.value(stock, sku) == 0


@executes("ImportProgress")
def test_the_demos_files_were_imported_as_they_should(front_end: FrontEnd, headquarters: str) -> None:
    rows = front_end.demo.rows(
        "SELECT id, accepted, rejected FROM card_batch WHERE file_name = ANY ($1)", sorted(FILES.values())
    )
    assert len(rows) == len(FILES)
    for row in rows:
        shown = front_end.ask("ImportProgress", headquarters, id=ids.encode("imp", row["id"]))
        assert (shown["accepted"], shown["rejected"]) == (row["accepted"], row["rejected"])
        assert len(shown["rejections"]["edges"]) == min(row["rejected"], 100)


@executes("MintCards", "ImportRunning")
def test_minting_is_followed_to_its_end(front_end: FrontEnd, headquarters: str) -> None:
    sku = product(front_end, headquarters)["variants"][0]["sku"]
    said = {"sku": sku, "quantity": 120, "idempotencyKey": key(), "expiresAt": "2099-01-01T00:00:00+08:00"}
    minted = front_end.ask("MintCards", headquarters, input=said)
    assert minted["__typename"] == "CardImport"
    with front_end.socket("ImportRunning", headquarters, id=minted["id"]) as events:
        last = list(events)[-1]
    assert last == {"status": "SUCCEEDED", "rowsRead": 120, "accepted": 120, "rejected": 0, "percent": 100}
    with front_end.stream("ImportRunning", headquarters, id=minted["id"]) as events:
        assert list(events) == [last]
    states = front_end.demo.rows(
        """SELECT c.state, count(*) FROM card c JOIN variant v ON v.id = c.variant_id
            WHERE v.sku = $1 GROUP BY 1""",
        sku,
    )
    assert [tuple(row) for row in states] == [("IN_STOCK", 120)]


@executes("TraceCard", "FreezeCard")
def test_a_pasted_secret_is_traced_and_its_card_frozen(front_end: FrontEnd, headquarters: str) -> None:
    customer = front_end.demo.customer(new_phone(), SHOP)
    card = card_of(front_end, customer)
    secret = reveal(front_end, customer, card)["secret"]
    trace = front_end.ask("TraceCard", headquarters, secret=secret)
    assert trace["chainIntact"]
    assert (trace["card"]["id"], trace["card"]["channel"]["code"]) == (card["id"], SHOP)
    assert [event["to"] for event in trace["events"]] == STEPS
    assert trace["events"][-1]["actor"]["kind"] == "CUSTOMER"
    frozen = front_end.ask("FreezeCard", headquarters, input={"cardId": card["id"], "reason": "reported"})
    assert frozen == {"__typename": "Card", "id": card["id"], "status": "FROZEN"}
    (row,) = front_end.demo.rows(
        """SELECT c.state, e.reason, e.from_state FROM card c JOIN card_event e
               ON e.card_id = c.id AND e.ordinal = c.ordinal WHERE c.id = $1""",
        ids.decode("crd", card["id"]),
    )
    assert tuple(row) == ("FROZEN", "reported", "REVEALED")
    assert front_end.ask("TraceCard", headquarters, secret="NO SUCH SECRET") is None


@executes("TraceCard")
def test_the_secret_is_in_no_answer_of_the_trace(front_end: FrontEnd, headquarters: str) -> None:
    customer = front_end.demo.customer(new_phone(), SHOP)
    secret = reveal(front_end, customer, card_of(front_end, customer))["secret"]
    assert secret not in json.dumps(front_end.ask("TraceCard", headquarters, secret=secret))
