"""What is left is said in every answer, and who has too little left is refused, told when to come back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import orjson
import pytest

from domain.access.budgets import BudgetPolicy
from domain.access.callers import Caller, CallerKind
from persistence.access.spending import LocalSpending
from schema.engine.allowance import Allowance
from schema.engine.engine import Engine
from schema.engine.refused import RequestRefused
from schema.engine.requests import GraphQLRequest
from tests.engine.tiny import CODEC, SCHEMA

PAGE = "query($n: Int) { items(first: $n) { edges { node { __typename } } } }"


@dataclass
class Asking:
    """A context with a caller."""

    caller: Caller
    request_id: str = "r"


SHOPPER = Asking(Caller(CallerKind.STOREFRONT, subject_id=UUID(int=1), address="10.0.0.1"))


def engine(**sizes: int) -> Engine:
    clock_s = 1_000_000_000.0
    spending = LocalSpending(now_s=lambda: clock_s)
    return Engine(SCHEMA, codec=CODEC, allowance=Allowance(BudgetPolicy(**sizes), spending))


async def refused(
    served: Engine, query: str, context: object = SHOPPER, **variables: object
) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        await served.admit(GraphQLRequest(query, variables=variables), context)
    return caught.value


async def left(served: Engine) -> int:
    """What a document that is known and free leaves."""
    standing = (await served.admit(GraphQLRequest("{ __typename }"), SHOPPER)).standing
    assert standing is not None
    return standing.remaining


async def test_an_answer_says_what_it_cost_and_what_is_left() -> None:
    served = engine(address=1_000)
    await left(served)
    before = await left(served)
    prepared = await served.admit(GraphQLRequest(PAGE, variables={"n": 10}), SHOPPER)
    cost = orjson.loads((await served.execute(prepared, SHOPPER)).body)["extensions"]["cost"]
    assert cost["requested"] == 21
    assert cost["limit"] == served.limits.max_cost
    wait_s = cost["budget"].pop("resetsInSeconds")
    # Reading the document the first time costs a unit for each ten of its characters.
    assert cost["budget"] == {"scope": "ADDRESS", "perMinute": 1_000, "remaining": before - 21 - 7}
    assert 1 <= wait_s <= 60
    await served.admit(GraphQLRequest(PAGE, variables={"n": 10}), SHOPPER)
    assert await left(served) == before - 21 - 7 - 21


async def test_without_budgets_an_answer_says_what_it_cost() -> None:
    served = Engine(SCHEMA, codec=CODEC)
    answer = await served.execute(await served.admit(GraphQLRequest("{ hello }"), SHOPPER), SHOPPER)
    assert orjson.loads(answer.body)["extensions"] == {"cost": {"requested": 1, "limit": 10_000}}


async def test_who_has_too_little_left_is_told_when_to_come_back() -> None:
    served = engine(address=100)
    await served.admit(GraphQLRequest(PAGE, variables={"n": 30}), SHOPPER)
    error = await refused(served, PAGE, n=30)
    wait_s = int(error.headers["retry-after"])
    assert (error.status, error.document) == (429, False)
    assert error.errors == [{
        "message": "The budget of this network address has 32 units left of 100 a minute: "
                   f"ask again in {wait_s} s.",
        "extensions": {"code": "RATE_LIMITED", "scope": "ADDRESS", "retryAfterSeconds": wait_s},
    }]  # fmt: skip
    assert error.extensions == {"cost": {"budget": {
        "scope": "ADDRESS", "perMinute": 100, "remaining": 32, "resetsInSeconds": wait_s,
    }}}  # fmt: skip
    assert (await served.admit(GraphQLRequest(PAGE, variables={"n": 15}), SHOPPER)).cost == 31


async def test_what_costs_more_than_a_whole_budget_is_no_matter_of_waiting() -> None:
    error = await refused(engine(address=100), PAGE, n=60)
    assert error.code == "COST_LIMITED"
    assert error.errors[0]["extensions"]["limit"] == 100
    assert error.errors[0]["extensions"]["retryAfterSeconds"] is None
    assert error.headers == {}


async def test_a_refused_document_is_charged_for_its_length() -> None:
    served = engine(address=1_000)
    await left(served)
    before = await left(served)
    error = await refused(served, "{ " + "nothing " * 50 + "}")
    assert error.code == "TOO_MANY_FIELDS"
    assert before - await left(served) == 41
    assert error.extensions is not None
    assert error.extensions["cost"]["budget"]["remaining"] == before - 41


async def test_who_has_nothing_left_is_refused_before_the_document_is_read() -> None:
    served = engine(address=10)
    await refused(served, "{ " + "nothing " * 50 + "}")
    made = served.documents.made
    assert (await refused(served, "{ hello }")).code == "RATE_LIMITED"
    assert served.documents.made == made


async def test_one_address_does_not_use_up_the_budget_of_the_token() -> None:
    served = engine(storefront=1_000, address=100)
    while True:
        try:
            await served.admit(GraphQLRequest(PAGE, variables={"n": 10}), SHOPPER)
        except RequestRefused:
            break
    other = Asking(Caller(CallerKind.STOREFRONT, subject_id=UUID(int=1), address="10.0.0.2"))
    assert (await served.admit(GraphQLRequest(PAGE, variables={"n": 10}), other)).cost == 21
