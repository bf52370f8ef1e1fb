"""What others wrote meets our server: the audit of GraphQL over HTTP, and the clients of front ends."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.conformance.install import install
from tests.conformance.running import node
from tests.fixtures.served import ServedDemo

AUDIT = frozenset(
    """
    22EB 4655 47DE 80D8 82A3 BF61 78D5 2C94 5A70 9C48 9ABE 03D4 A5BF 423L LKJ0 LKJ1 LKJ2 LKJ3 34A2 13EE 6C00
    6C01 6C02 6C03 8161 B8B3 94B0 0220 94B1 0221 94B2 0222 4760 4761 4762 4763 2EA1 28B9 D6D5 6A70 58B0 58B1
    58B2 58B3 428F 1B7A B6DC BCF8 B7N8 8764 3E3A 572B FDE2 7B9B 865D 556A D586 51FE 74FF 5E5B 86EE
    """.split()  # noqa: SIM905 - a list of 61 strings is no easier to read
)
"""Every check of the audit, by its id."""
PERSISTED = {
    "again": 1,
    "sent": [
        *("GET hash", "POST text"),  # a query that nobody has sent before
        *("POST hash", "POST text", "POST hash", "POST text"),  # two mutations
        *("GET hash", "POST text"),  # what is refused is not remembered either
        "GET hash",  # the query again
    ],
}
"""What Apollo's link sends where documents are known by their hashes."""
CLIENTS = ["apollo", "apollo-persisted", "graphql-sse", "graphql-ws", "urql", "urql-streams"]


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """The packages of the lock, which `make install` has put in place already."""
    install()


@pytest.fixture(scope="module")
def customer(demo: ServedDemo) -> str:
    """A session of somebody who buys."""
    return demo.customer("13700000001", "gd-sz-mini01")


def test_the_audit_of_graphql_over_http_passes_61_of_61(demo: ServedDemo) -> None:
    checks = node("audit.mjs", demo.url)
    assert [check for check in checks if check["status"] != "ok"] == []
    assert len(checks) == len(AUDIT) == 61
    assert {check["id"] for check in checks} == AUDIT


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_reads_buys_and_follows_its_order(client: str, demo: ServedDemo, customer: str) -> None:
    (seen,) = node("shopping.mjs", client, demo.url, demo.socket_url, customer, uuid4().hex)
    assert seen == {
        **bought_with(client),
        "heard": ["AWAITING_PAYMENT", "FULFILLED"],
        "refusedFeed": ["BAD_USER_INPUT"],
        **(PERSISTED if client == "apollo-persisted" else {}),
    }


def test_a_client_without_subscriptions_reads_and_buys(demo: ServedDemo, customer: str) -> None:
    client = "graphql-request"
    (seen,) = node("shopping.mjs", client, demo.url, demo.socket_url, customer, uuid4().hex)
    assert seen == bought_with(client)


def bought_with(client: str) -> dict[str, object]:
    """What a purchase looks like; Apollo asks for the names of all types."""
    named = client.startswith("apollo")
    variants = [
        {"sku": sku} | ({"__typename": "Variant"} if named else {}) for sku in ("MGTV-1M", "MGTV-12M")
    ]
    return {
        "product": {"slug": "mango-tv", "variants": variants} | ({"__typename": "Product"} if named else {}),
        "placed": ["Order", "AWAITING_PAYMENT"],
        "paid": {"__typename": "Payment", "status": "CAPTURED"},
        "refused": ["GRAPHQL_VALIDATION_FAILED"],
    }
