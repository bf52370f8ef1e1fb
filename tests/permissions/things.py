"""Which objects there are and whose they are: the one table that the expectations are made from."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from domain.access import permissions as may
from domain.access.permissions import CATALOG_WRITE
from domain.ids import new_id
from schema import ids
from tests.fixtures.served import ServedDemo
from tests.permissions.principals import PLACES, Principal

_OF_ORDER = "JOIN orders o ON o.id = {} JOIN channel c ON c.id = o.channel_id"
_PLACED = "c.code AS place, c.path, o.customer_id AS customer, o.placed_by_kind = 'STOREFRONT' AS guest"
_FULFILLED = f"JOIN fulfilment f ON f.id = x.fulfilment_id {_OF_ORDER.format('f.order_id')}"
_OWNED = "c.code AS place, c.path, NULL::uuid AS customer"
_HELD = "JOIN channel c ON c.id = x.channel_id"
_OFFERED = "JOIN channel c ON c.id = x.owner_id"
_EVERYWHERE = "NULL AS place, ARRAY[]::uuid[] AS path, NULL::uuid AS customer"

OWNERSHIP: dict[str, tuple[str, AbstractSet[str], str]] = {
    "Channel": ("chn", frozenset(), f"SELECT c.id, c.code AS name, {_OWNED} FROM channel c"),
    "Agent": (
        "agt",
        {may.PEOPLE_WRITE},
        f"SELECT x.id, (x.disabled_at IS NULL)::text AS sort, {_OWNED} FROM agent x {_HELD}",
    ),
    "AccessToken": (
        "tok",
        {may.TOKENS_WRITE},
        f"""SELECT x.id, concat(x.kind, x.revoked_at IS NULL) AS sort, {_OWNED}
              FROM token x {_HELD} WHERE x.kind IN ('STOREFRONT', 'API_CLIENT')""",
    ),
    "Customer": (
        "cus",
        {may.ORDERS_READ},
        f"SELECT x.id, c.code AS place, c.path, x.id AS customer FROM customer x {_HELD}",
    ),
    "PriceRule": (
        "prc",
        {may.PRICES_READ},
        f"""SELECT x.id, x.ended_at IS NULL AS listed, {_OWNED},
                   concat(x.kind, x.ended_at IS NULL, x.valid_from IS NULL, x.target_tier) AS sort
              FROM price_rule x JOIN channel c ON c.id = x.setter_id""",
    ),
    "DepositRequest": (
        "dpr",
        {may.ACCOUNT_READ},
        f"SELECT x.id, concat(x.kind, x.status) AS sort, {_OWNED} FROM deposit_request x {_HELD}",
    ),
    "SalesQuota": (
        "slq",
        {may.STOCK_READ},
        f"SELECT x.id, x.period AS sort, {_OWNED} FROM sales_quota x {_HELD}",
    ),
    "StockQuota": ("stq", {may.STOCK_READ}, f"SELECT x.id, {_OWNED} FROM stock_quota x {_HELD}"),
    "Promotion": (
        "prm",
        {may.PROMOTIONS_READ},
        f"SELECT x.id, concat(x.kind, x.status) AS sort, {_OWNED} FROM promotion x {_OFFERED}",
    ),
    "CouponBatch": (
        "cbt",
        {may.PROMOTIONS_READ},
        f"""SELECT b.id, (b.exported_at IS NULL)::text AS sort, {_OWNED}
              FROM coupon_batch b JOIN promotion x ON x.id = b.promotion_id {_OFFERED}""",
    ),
    "Coupon": (
        "cpn",
        {may.COUPONS_HOLD},
        f"""SELECT y.id, c.code AS place, c.path, y.customer_id AS customer
              FROM coupon y JOIN customer x ON x.id = y.customer_id {_HELD}""",
    ),
    "CardImport": (
        "imp",
        {may.CARDS_IMPORT},
        f"""SELECT x.id, concat(x.origin, x.status) AS sort, {_OWNED}
              FROM card_batch x JOIN channel c ON c.parent_id IS NULL""",
    ),
    "Card": (
        "crd",
        {may.CARDS_READ},
        """SELECT x.id, x.state AS sort, c.code AS place, c.path, x.customer_id AS customer
              FROM card x JOIN channel c ON c.id = COALESCE(x.channel_id, x.pool_id)""",
    ),
    "Redemption": (
        "rdm",
        {may.CARDS_READ, may.CARDS_REDEEM},
        f"SELECT x.id, x.status AS sort, {_OWNED} FROM redemption x {_HELD}",
    ),
    "Order": (
        "ord",
        {may.ORDERS_READ},
        f"""SELECT o.id, concat(o.status, o.group_id IS NULL) AS sort, {_PLACED}
              FROM orders o JOIN channel c ON c.id = o.channel_id""",
    ),
    "OrderLine": (
        "lin",
        {may.ORDERS_READ},
        f"""SELECT x.id, concat(x.sku, x.discounts IS NULL) AS sort, {_PLACED}
              FROM order_line x {_OF_ORDER.format("x.order_id")}""",
    ),
    "Payment": (
        "pay",
        {may.ORDERS_READ},
        f"SELECT x.id, {_PLACED} FROM payment x {_OF_ORDER.format('x.order_id')}",
    ),
    "Shipment": ("shp", {may.ORDERS_READ}, f"SELECT x.id, {_PLACED} FROM shipment x {_FULFILLED}"),
    "TopUp": ("top", {may.ORDERS_READ}, f"SELECT x.id, {_PLACED} FROM attempt x {_FULFILLED}"),
    "Entitlement": ("ent", {may.ORDERS_READ}, f"SELECT x.id, {_PLACED} FROM entitlement x {_FULFILLED}"),
    "Refund": (
        "rfd",
        {may.REFUNDS_READ},
        f"SELECT x.id, x.status AS sort, {_PLACED} FROM refund x {_OF_ORDER.format('x.order_id')}",
    ),
    "Category": ("cat", {may.CATALOG_READ}, f"SELECT id, slug AS name, {_EVERYWHERE} FROM category"),
    "Product": (
        "prd",
        {may.CATALOG_READ},
        f"SELECT id, slug AS name, kind AS sort, published, published AS listed, {_EVERYWHERE} FROM product",
    ),
    "Variant": (
        "var",
        {may.CATALOG_READ},
        f"""SELECT v.id, v.sku AS name, p.kind AS sort, p.published, {_EVERYWHERE}
              FROM variant v JOIN product p ON p.id = v.product_id""",
    ),
}
"""Type → prefix of its ids, the rights any of which shows it at all, and where each row is and whose."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object."""

    type: str
    id: UUID
    place: str | None
    path: tuple[UUID, ...]
    customer: UUID | None
    name: str | None = None
    """What people call it by in arguments: a code, slug or SKU."""
    guest: bool = False
    """Whether a storefront may act on it, being told its id."""
    published: bool = True
    sort: str = ""
    """Such objects of other sorts have values in other fields."""
    listed: bool = True
    """Whether lists have it: what is over, or not on sale, is found by its id alone."""
    hidden_below: frozenset[UUID] = field(default=frozenset())
    """Goods: the channels from which on they are not shown."""

    @property
    def text(self) -> str:
        """The id in the API."""
        return ids.encode(OWNERSHIP[self.type][0], self.id)

    @property
    def is_goods(self) -> bool:
        """Whether it is on everybody's shelf unless it is hidden."""
        return self.type in ("Category", "Product", "Variant")


def concerns(principal: Principal, thing: Thing) -> bool:
    """Whether the place of an object in the tree, or its owner, lets the principal know of it."""
    if principal.kind == "ANONYMOUS":
        return False
    if thing.is_goods:
        shown = thing.published or CATALOG_WRITE in principal.permissions
        return shown and thing.hidden_below.isdisjoint(principal.path)
    if principal.is_back_office:
        return principal.path[-1] in thing.path
    if thing.type == "Channel":
        return principal.path[-1] == thing.id
    return principal.kind == "CUSTOMER" and thing.customer == principal.subject


def sees(principal: Principal, thing: Thing) -> bool:
    """Whether the principal may see it: its place, and a right to such objects."""
    rights = OWNERSHIP[thing.type][1]
    itself = thing.id == principal.subject and thing.type in ("Agent", "Customer")
    held = not rights or bool(rights & principal.permissions) or itself
    return held and concerns(principal, thing)


def lists(principal: Principal, thing: Thing) -> bool:
    """Whether a list of such objects has it; of rules a channel lists those that it has set itself."""
    own = thing.type != "PriceRule" or thing.place == principal.place
    return own and thing.listed and sees(principal, thing)


def acts_on(principal: Principal, thing: Thing) -> bool:
    """Whether it may be the object of a mutation of the principal."""
    told = principal.kind == "STOREFRONT" and thing.guest and thing.customer is None
    return concerns(principal, thing) or (told and principal.place == thing.place)


def relation(principal: Principal, thing: Thing) -> str:
    """How an object stands to a principal; the matrix has to have them all."""
    if thing.is_goods:
        return "shown" if concerns(principal, thing) else "hidden"
    if not principal.path:
        return "foreign"
    if thing.place == principal.place:
        own = thing.customer in (None, principal.subject) or principal.kind != "CUSTOMER"
        return "own" if own else "other customer"
    if principal.path[-1] in thing.path:
        return "descendant"
    return "ancestor" if thing.path[-1] in principal.path else "sibling"


def unknown_like(thing: Thing) -> Thing:
    """An object of the same type that was never issued, called by a name of the same length."""
    name = None if thing.name is None else f"zz{new_id().hex}"[: len(thing.name)].ljust(len(thing.name), "z")
    return Thing(thing.type, new_id(), thing.place, thing.path, thing.customer, name)


class Things:
    """Everything there is, by its id."""

    def __init__(self, demo: ServedDemo, hidden: dict[str, str]) -> None:
        """`hidden` says of goods, by name, from which channel on they are not shown."""
        self.by_text: dict[str, Thing] = {}
        self._places = {row["code"]: row["id"] for row in demo.rows("SELECT id, code FROM channel")}
        for type_, (_, _, statement) in OWNERSHIP.items():
            for row in demo.rows(f"{statement} ORDER BY 1"):
                thing = self._thing(type_, dict(row), hidden)
                self.by_text[thing.text] = thing

    def _thing(self, type_: str, row: dict[str, Any], hidden: dict[str, str]) -> Thing:
        below = frozenset({self._places[hidden[row["name"]]]} if row.get("name") in hidden else ())
        return Thing(type_, **row | {"path": tuple(row["path"])}, hidden_below=below)

    def of(self, type_: str) -> list[Thing]:
        """All of a type."""
        return [thing for thing in self.by_text.values() if thing.type == type_]

    @cache  # noqa: B019 - it lives as long as the story
    def sample(self, type_: str) -> list[Thing]:
        """One of a type for each place, customer and shelf, and one of each sort."""
        found: dict[Any, Thing] = {}
        for thing in self.of(type_):
            if thing.is_goods or thing.place in PLACES:
                found.setdefault((thing.place, thing.customer, thing.hidden_below, thing.published), thing)
                found.setdefault(thing.sort, thing)
        return list(dict.fromkeys(found.values()))
