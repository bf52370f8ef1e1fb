"""What has happened before the matrix is asked: orders, cards, prices and people at every relation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from domain.access.permissions import CARDS_REDEEM, SCOPES, Role
from schema import ids
from tests.fixtures.served import ServedDemo
from tests.permissions.principals import (
    CITY,
    COUSIN_SHOP,
    PLACES,
    PROVINCE,
    ROOT,
    SHOP,
    SIBLING_PROVINCE,
    SIBLING_SHOP,
    Gate,
    Principal,
    everybody,
)

ADDRESS = {
    "recipient": "李雷", "phone": "13800138000", "province": "广东", "city": "深圳", "line": "深南大道 1 号",
    "district": "南山", "postcode": "518000",
}  # fmt: skip
CONTACT = {"name": "李雷", "phone": "13800138000", "email": "li@shop.example"}
METERED = "AI-CALLS"
HIDDEN = {"reading": PROVINCE, "wps-super": PROVINCE, "netease-black": SHOP}
"""Goods, by slug, and the channel from which on they are hidden."""
UNPUBLISHED = "steam-wallet"

PLACE = """mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
  ... on Order { id } ... on Refusal { code message } } }"""
PAY = "mutation ($input: PayOrderInput!) { payOrder(input: $input) { ... on Payment { order { id } } } }"
CARDS = """query ($id: ID!) { order(id: $id) { lines { sku
  cards { id } shipments { id } entitlements { id } topUps { status } } } }"""
LINES = "query ($id: ID!) { order(id: $id) { lines { id sku } } }"
REVEAL = """mutation ($input: RevealCardInput!) { revealCard(input: $input) {
  ... on RevealedCard { secret } } }"""
REDEEM = """mutation ($input: RedeemCardInput!) { redeemCard(input: $input) {
  ... on Redemption { id } ... on Refusal { code } } }"""


def key() -> str:
    """A new idempotency key."""
    return uuid4().hex


@dataclass(slots=True)
class Story:
    """Whom and what the matrix is about."""

    demo: ServedDemo
    principals: list[Principal] = field(default_factory=list)
    hidden: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """Card → its secret."""
    settled_by: dict[str, Principal] = field(default_factory=dict)
    """Pending redemption → who began it."""

    def do(self, name: str, token: str, /, **said: Any) -> Any:
        """A mutation by its name; answers the id of what was changed."""
        kind = name[0].upper() + name[1:] + "Input"
        document = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ __typename ... on Node {{ id }}"
        found = self.demo.ask(document + " ... on Refusal { code message } } }", token, input=said)[name]
        assert "code" not in found, found
        return found.get("id")


def tell(demo: ServedDemo) -> Story:
    """Let it happen, through the API."""
    paths = {row["code"]: tuple(row["path"]) for row in demo.rows("SELECT code, path FROM channel")}
    story, owner = Story(demo), demo.sign_in(ROOT)
    gate = Gate(demo, owner, paths)
    goods(story, owner)
    story.principals = everybody(gate)
    people(story, gate, owner)
    prices(story)
    shoppers = [gate.customer(place, f"1381111000{at}") for at, place in enumerate(
        (SHOP, SHOP, SIBLING_SHOP, COUSIN_SHOP)
    )]  # fmt: skip
    story.principals += shoppers
    for at, shopper in enumerate(shoppers):
        redeemer = gate.token((ROOT, PROVINCE, CITY, SIBLING_PROVINCE)[at], CARDS_REDEEM)
        used_cards(story, shopper, redeemer, owner)
    for place in PLACES:
        order = buy(story, str(gate.token(place).token), contact=CONTACT)
        demo.until(lambda order=order: credited(demo, order, owner))  # type: ignore[misc]
        refunds(story, owner, order, decided=False)
    imports(story, owner)
    quotas(story, owner)
    deposits(story, owner)
    codes = campaigns(story)
    together = ids.encode("prm", demo.value("SELECT id FROM promotion WHERE kind = 'GROUP_BUY'"))
    for shopper in shoppers:
        said = {"lines": [{"sku": METERED}], "groupBuy": together, "idempotencyKey": key()}
        story.do("placeOrder", str(shopper.token), **said)
        assert shopper.subject is not None
        customer = ids.encode("cus", shopper.subject)
        story.do("setCustomerSegments", owner, customerId=customer, segments=["VIP"])
        story.do("claimCoupon", str(shopper.token), code=codes[shopper.place or ""].pop())
    demo.until(lambda: demo.value("SELECT count(*) FROM outbox") == 0)
    return story


def goods(story: Story, owner: str) -> None:
    """A kind that the demo has not, what is hidden, and what is not on sale."""
    demo = story.demo
    amounts = {"listPrice": {"amount": "20.00"}, "cost": {"amount": "5.00"}, "face": {"amount": "22.00"}}
    variant = {"sku": METERED, "name": "100 次", **amounts}
    story.do(
        "createProduct", owner, slug="ai-calls", name="AI 调用", kind="METERED", category="ai",
        variants=[{**variant, "settings": {"units": 100}, "validDays": 30}], description="调用次数",
    )  # fmt: skip
    for slug, place in HIDDEN.items():
        setter = demo.sign_in(CITY) if place == SHOP else owner
        scope = {"category" if slug == "reading" else "product": slug}
        story.do("setVisibility", setter, channel=place, visible=False, **scope)
    story.do("updateProduct", owner, slug=UNPUBLISHED, published=False)
    story.hidden = dict(HIDDEN)
    for slug, place in HIDDEN.items():
        condition = "c.slug" if slug == "reading" else "p.slug"
        rows = demo.rows(
            f"""SELECT p.slug, v.sku FROM variant v JOIN product p ON p.id = v.product_id
                  JOIN category c ON c.id = p.category_id WHERE {condition} = $1""",
            slug,
        )
        story.hidden |= {name: place for row in rows for name in (row["slug"], row["sku"])}


def people(story: Story, gate: Gate, owner: str) -> None:
    """Somebody kept out, a token that was revoked, and a channel described whole."""
    for place in PLACES:
        gone = gate.token(place, *sorted(SCOPES))
        assert gone.subject is not None
        story.do("revokeToken", owner, id=ids.encode("tok", gone.subject))
        story.do("updateChannel", owner, channel=place, territory="广东", sellsAs="OTHER")
    agent = gate.agent(SIBLING_SHOP, Role.SUPPORT)
    assert agent.subject is not None
    story.do("disableAgent", owner, id=ids.encode("agt", agent.subject))


def prices(story: Story) -> None:
    """Rules of every channel, with everything that a rule can say."""
    dates = {"validFrom": "2020-01-01T00:00:00Z", "validUntil": "2090-01-01T00:00:00Z"}
    for place in PLACES:
        token = story.demo.sign_in(place)
        retail = {"kind": "RETAIL", "mode": "PERCENT", "base": "LIST", "value": "101"}
        story.do("setPriceRule", token, **retail, variant="BILI-1M", minQuantity=2, **dates)
        gone = story.do("setPriceRule", token, **retail, variant="BILI-3M")
        story.do("endPriceRule", token, id=gone)
    token = story.demo.sign_in(CITY)
    floor = {"kind": "FLOOR", "mode": "PERCENT", "base": "LIST", "value": "60", "action": "CLAMP"}
    story.do("setPriceRule", token, **floor, tier="SHOP", product="mango-tv")


def buy(story: Story, token: str, **more: Any) -> str:
    """Something of every kind; the order's id."""
    lines = [
        {"sku": "MGTV-1M", "quantity": 3},
        {"sku": "BILI-FIG"},
        {"sku": "CMCC-30", "account": {"phone": "13800138000"}},
        {"sku": METERED},
    ]
    said = {"idempotencyKey": key(), "lines": lines, "shippingAddress": ADDRESS, "externalId": key(), **more}
    order = story.demo.ask(PLACE, token, input=said)["placeOrder"]
    assert "code" not in order, order
    paid = {"orderId": order["id"], "method": "SANDBOX", "idempotencyKey": key()}
    story.demo.ask(PAY, token, input=paid)
    return str(order["id"])


def credited(demo: ServedDemo, order: str, token: str) -> bool:
    """Whether the supplier is done with an order."""
    lines = demo.ask(CARDS, token, id=order)["order"]["lines"]
    found = [top_up["status"] for line in lines for top_up in line["topUps"]]
    return found == ["SUCCEEDED"]


def used_cards(story: Story, shopper: Principal, redeemer: Principal, owner: str) -> None:
    """A customer's cards: one used, one in use, one only looked at; its parcel; and other orders."""
    token, demo = str(shopper.token), story.demo
    order = buy(story, token, contact=CONTACT)
    demo.until(lambda: credited(demo, order, owner))
    cards, parcel, _, metered = demo.ask(CARDS, token, id=order)["order"]["lines"]
    for card, how in zip(cards["cards"], ("redeemCard", "beginRedemption", None), strict=True):
        said = {"cardId": card["id"], "idempotencyKey": key()}
        secret = demo.ask(REVEAL, token, input=said)["revealCard"]["secret"]
        story.secrets[card["id"]] = secret
        if how is not None:
            document = REDEEM.replace("redeemCard", how)
            said = {"secret": secret, "idempotencyKey": key()}
            used = demo.ask(document, redeemer.token, input=said)[how]
            assert "code" not in used, used
            if how == "beginRedemption":
                if not story.settled_by:
                    story.principals.append(redeemer)
                story.settled_by[used["id"]] = redeemer
    (shipment,) = parcel["shipments"]
    sent = {"shipmentId": shipment["id"], "carrier": "顺丰", "trackingNumber": "SF1"}
    story.do("shipFulfilment", owner, **sent)
    story.do("updateShipment", owner, shipmentId=shipment["id"], delivered=True)
    (right,) = metered["entitlements"]
    consumed = {"entitlementId": right["id"], "units": 1, "idempotencyKey": key()}
    story.do("consumeEntitlement", str(redeemer.token), **consumed)
    refunds(story, token, order, decided=True)
    for given_up in (False, True):
        said = {"idempotencyKey": key(), "lines": [{"sku": "MGTV-1M"}]}
        other = demo.ask(PLACE, token, input=said)["placeOrder"]
        if given_up:
            story.do("cancelOrder", token, orderId=other["id"], idempotencyKey=key())


def quotas(story: Story, owner: str) -> None:
    """Quotas and allocations from headquarters down to the shop, and in the other province."""
    province, city = story.demo.sign_in(PROVINCE), story.demo.sign_in(CITY)
    sibling, cousin = story.demo.sign_in(SIBLING_PROVINCE), story.demo.sign_in("zj-hz")
    steps = ((owner, PROVINCE), (province, CITY), (city, SHOP), (owner, SIBLING_PROVINCE))
    for n, (token, place) in enumerate(steps):
        given = {"channel": place, "sku": "MGTV-1M", "quantity": 20 - n}
        story.do("setSalesQuota", token, **given, period="DAY")
        story.do("allocateStock", token, **given, idempotencyKey=key())
    for channel, token in ((SIBLING_SHOP, city), ("zj-hz", sibling), (COUSIN_SHOP, cousin)):
        story.do("setSalesQuota", token, channel=channel, sku="MGTV-1M", period="TOTAL", quantity=5)


def refunds(story: Story, asker: str, order: str, decided: bool) -> None:
    """What is left of a right is asked back, and paid back or refused, or waits."""
    lines = story.demo.ask(LINES, asker, id=order)["order"]["lines"]
    (metered,) = [line["id"] for line in lines if line["sku"] == METERED]
    said = {"orderId": order, "lines": [{"lineId": metered}], "reason": "unused", "idempotencyKey": key()}
    asked = story.do("requestRefund", asker, **said)
    if decided:
        owner = story.demo.sign_in(ROOT)
        story.do("rejectRefund", owner, refundId=asked, note="use it up", idempotencyKey=key())
        again = story.do("requestRefund", asker, **said | {"idempotencyKey": key()})
        story.do("approveRefund", owner, refundId=again, note="well then", idempotencyKey=key())


def deposits(story: Story, owner: str) -> None:
    """Top-ups and withdrawals of every channel, waiting, done and rejected."""
    for place in PLACES[1:]:
        said = {"channel": place, "amount": {"amount": "10.00"}}
        token = story.demo.sign_in(place)
        asked = [story.do("requestTopUp", token, **said, idempotencyKey=key()) for _ in range(2)]
        story.do("requestWithdrawal", token, **said, idempotencyKey=key())
        story.do("approveDepositRequest", owner, depositRequestId=asked[0], idempotencyKey=key())
        paid = story.do("requestWithdrawal", owner, **said, idempotencyKey=key())
        done = {"depositRequestId": paid, "outcome": "FAILED", "reason": "closed", "reference": "B-1"}
        story.do("settleWithdrawal", owner, **done, idempotencyKey=key())


def campaigns(story: Story) -> dict[str, list[str]]:
    """Promotions of every channel with all that can be said of them, one stopped; codes by channel."""
    dates = {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2090-01-01T00:00:00Z"}
    limits = {"budget": {"amount": "9000.00"}, "orders": 900, "perCustomer": 9, "perDevice": 9}
    valid = {"validFrom": "2020-01-01T00:00:00Z", "validUntil": "2090-01-01T00:00:00Z"}
    codes: dict[str, list[str]] = {}
    for place in PLACES:
        token = story.demo.sign_in(place)
        said = {"name": "满减", "kind": "COUPON", "settings": {"off_minor": 100}, "stackGroup": "s"}
        made = story.do("createPromotion", token, **said, **dates, limits=limits, idempotencyKey=key())
        _, batch = (
            story.do("makeCoupons", token, promotionId=made, quantity=count, **valid, idempotencyKey=key())
            for count in (1, 3)
        )
        document = """mutation ($input: ExportCouponsInput!) { exportCoupons(input: $input) {
          ... on CouponExport { codes } } }"""
        found = story.demo.ask(document, token, input={"batchId": batch})
        codes[place] = found["exportCoupons"]["codes"]
        over = story.do("createPromotion", token, **said, idempotencyKey=key())
        story.do("stopPromotion", token, promotionId=over)
    later = {"startsAt": "2089-01-01T00:00:00Z", "endsAt": "2090-01-01T00:00:00Z"}
    sale = {"name": "秒杀", "kind": "FLASH_SALE", "settings": {"prices": {"MGTV-12M": 100}, "stock": 9}}
    story.do("createPromotion", story.demo.sign_in(ROOT), **sale, **later, idempotencyKey=key())
    groups = {"name": "拼团", "kind": "GROUP_BUY", "settings": {"prices": {METERED: 1000}, "seats": 9}}
    story.do("createPromotion", story.demo.sign_in(ROOT), **groups, idempotencyKey=key())
    story.demo.until(lambda: story.demo.value("SELECT told FROM promotion WHERE kind = 'FLASH_SALE'"))
    return codes


def imports(story: Story, owner: str) -> None:
    """A minting that ends, and one that is withdrawn."""
    said = {"sku": "MGTV-12M", "quantity": 3, "expiresAt": "2090-01-01T00:00:00Z"}
    minted = [story.do("mintCards", owner, **said, idempotencyKey=key()) for _ in range(2)]
    running = "SELECT count(*) FROM card_batch WHERE status IN ('QUEUED', 'RUNNING')"
    story.demo.until(lambda: story.demo.value(running) == 0)
    story.do("withdrawCardImport", owner, id=minted[1], reason="a mistake")
