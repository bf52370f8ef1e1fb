"""The cases: what is asked of the server, how often, and by how many at the same time."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.recording import UNIQUE
from benchmarks.world import BUYING, CATEGORIES, World

PRODUCT_LIST = """
query ProductList($category: String, $search: String, $kinds: [ProductKind!], $sort: ProductSort,
                  $first: Int = 20, $after: String) {
  products(filter: { category: $category, search: $search, kinds: $kinds }, sort: $sort,
           first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges {
      cursor
      node {
        id slug name description kind brand
        category { slug name }
        variants { id sku name price { amount currency } listPrice { amount currency } availableQuantity }
      }
    }
  }
}"""
PRODUCT_DETAIL = """
query ProductDetail($slug: String!) {
  product(slug: $slug) {
    id slug name description kind brand
    category { slug name }
    accountTemplate
    variants { id sku name price { amount currency } listPrice { amount currency } availableQuantity }
    components { quantity variant { sku name product { slug name kind } } }
  }
}"""
PLACE = """
mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    __typename
    ... on Order { id number status total { amount currency } due { amount currency } expiresAt
      lines { id sku quantity total { amount } } }
    ... on Refusal { code message field }
  }
}"""
PAY = """
mutation PayOrder($input: PayOrderInput!) {
  payOrder(input: $input) {
    __typename
    ... on Payment { id method nextAction order { id status } }
    ... on Refusal { code message field }
  }
}"""
REDEEM = """
mutation RedeemCard($input: RedeemCardInput!) {
  redeemCard(input: $input) {
    __typename
    ... on Redemption { id at card { id sku status } }
    ... on Refusal { code message field }
  }
}"""

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Operation:
    """A document with its variables; `{order}` in them is the order that was placed before."""

    document: str
    variables: dict[str, Any]
    expected: str
    """Words in the right answer."""

    def body(self) -> str:
        """What is posted."""
        return json.dumps({"query": self.document, "variables": self.variables})


Request = list[Operation]


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of request."""

    name: str
    clients: int
    token: Callable[[World], str]
    requests: Callable[[World], Iterator[Request]]
    repeated: bool
    """Whether the same request may be sent again."""
    samples: int = 1
    """Of how many requests the SQL is written down."""


def _lists(world: World) -> Iterator[Request]:
    for at in range(CATEGORIES):
        yield [Operation(PRODUCT_LIST, {"category": f"shelf-{at}"}, '"availableQuantity":100')]


def _details(world: World) -> Iterator[Request]:
    for slug in world.slugs[:: max(1, len(world.slugs) // 200)]:
        yield [Operation(PRODUCT_DETAIL, {"slug": slug}, '"availableQuantity":100')]


def _purchases(world: World) -> Iterator[Request]:
    while True:
        place = {"idempotencyKey": _key(), "lines": [{"sku": BUYING, "quantity": 1}]}
        pay = {"orderId": "{order}", "method": "SHOP_COLLECTED", "idempotencyKey": _key()}
        yield [
            Operation(PLACE, {"input": place}, '"status":"AWAITING_PAYMENT"'),
            Operation(PAY, {"input": pay}, '"status":"FULFILLED"'),
        ]


def _redemptions(world: World) -> Iterator[Request]:
    for secret in world.secrets:
        wanted = {"secret": secret, "idempotencyKey": _key()}
        yield [Operation(REDEEM, {"input": wanted}, '"status":"REDEEMED"')]


def _key() -> str:
    return f"{UNIQUE}{next(_numbers)}"


CASES = (
    Case("product-list", 16, lambda world: world.storefront, _lists, repeated=True, samples=5),
    Case("product-detail", 16, lambda world: world.storefront, _details, repeated=True, samples=5),
    Case("place-pay", 1, lambda world: world.api_client, _purchases, repeated=False),
    Case("place-pay", 64, lambda world: world.api_client, _purchases, repeated=False),
    Case("redeem", 16, lambda world: world.redeemer, _redemptions, repeated=False),
)
