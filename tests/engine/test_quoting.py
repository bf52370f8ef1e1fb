"""Errors say what is wrong with a request and where, and never repeat a value of it."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError

from schema.engine.execution import PreparedOperation
from schema.engine.quoting import UNSAID, without_values
from schema.engine.refused import RequestRefused
from schema.engine.requests import GraphQLRequest
from tests.promises.documents import PAY, PLACE, REDEEM

SECRET = "KD36F8DBCE39-74D7 '\"D83"
VARIABLES: list[tuple[str, Any, str]] = [
    (REDEEM, SECRET, "Expected value of type 'RedeemCardInput' to be an object."),
    (REDEEM, [SECRET], "Expected value of type 'RedeemCardInput' to be an object."),
    (REDEEM, None, "Expected value of non-null type 'RedeemCardInput!' not to be None."),
    (
        REDEEM,
        {"secret": SECRET},
        "Expected value of type 'RedeemCardInput' to include required field 'idempotencyKey'.",
    ),
    (
        REDEEM,
        {"secrte": SECRET, "idempotencyKey": "k"},
        (
            "Expected value of type 'RedeemCardInput' not to include unknown field 'secrte'."
            " Did you mean 'secret'?"
        ),
    ),
    (REDEEM, {SECRET: 1, "idempotencyKey": "k"}, "Expected value of type 'RedeemCardInput'."),
    (REDEEM, {"secret": [SECRET], "idempotencyKey": "k"}, "String cannot represent a non string value."),
    (PAY, {"orderId": [SECRET], "method": "SANDBOX", "idempotencyKey": "k"}, "ID cannot represent value."),
    (
        PAY,
        {"orderId": "o", "method": f"SANDBOX{SECRET}", "idempotencyKey": "k"},
        "The value does not exist in 'PaymentMethod' enum.",
    ),
    (
        PAY,
        {"orderId": "o", "method": "SANDBOXX", "idempotencyKey": "k"},
        "The value does not exist in 'PaymentMethod' enum. Did you mean the enum value 'SANDBOX'?",
    ),
    (
        PAY,
        {"orderId": "o", "method": [SECRET], "idempotencyKey": "k"},
        "Enum 'PaymentMethod' cannot represent non-string value.",
    ),
    (
        PLACE,
        {"idempotencyKey": "k", "lines": [{"sku": "x", "quantity": SECRET}]},
        "Int cannot represent non-integer value.",
    ),
]
DOCUMENTS = [
    (f'mutation {{ redeemCard(input: {{secret "{SECRET[:12]}"}}) {{ __typename }} }}',
     "Syntax Error: Expected ':', found String."),
    ("KD36F8DBCE39", "Syntax Error: Unexpected Name."),
    ("{ viewer { kind } } 7766554433", "Syntax Error: Unexpected Int."),
    ('{ product(slug: {a: "KD36F8DBCE39"}) { id } }', "String cannot represent a non string value."),
    ("mutation { redeemCard(input: {secret: KD36F8DBCE39, idempotencyKey: \"k\"}) { __typename } }",
     "String cannot represent a non string value."),
    ('{ products(first: "KD36F8DBCE39") { totalCount } }', "Int cannot represent non-integer value."),
    ('{ products(sort: "KD36F8DBCE39") { totalCount } }',
     "Enum 'ProductSort' cannot represent non-enum value."),
    ("{ products(sort: KD36F8DBCE39) { totalCount } }", "The value does not exist in 'ProductSort' enum."),
    ("{ viewer { kinds } }", "Cannot query field 'kinds' on type 'Viewer'. Did you mean 'kind'?"),
    ("query ($x: Int) { product(slug: $x) { id } }",
     "Variable '$x' of type 'Int' used in position expecting type 'String!'."),
]  # fmt: skip


@pytest.fixture(scope="module")
def prepare() -> Any:
    """Make a request ready, as the server does."""
    import server
    from resolvers.http.codec import OrjsonCodec
    from schema.engine.engine import Engine

    engine = Engine(server.build_schema(), codec=OrjsonCodec())

    def run(document: str, **variables: Any) -> PreparedOperation:
        return engine.prepare(GraphQLRequest(document, None, variables))

    return run


def messages(prepare: Any, document: str, **variables: Any) -> list[str]:
    with pytest.raises(RequestRefused) as refused:
        prepare(document, **variables)
    return [error["message"] for error in refused.value.errors]


@pytest.mark.parametrize(("document", "value", "said"), VARIABLES)
def test_a_variable_is_described_and_not_quoted(prepare: Any, document: str, value: Any, said: str) -> None:
    found = messages(prepare, document, input=value)
    assert all(message.startswith("Variable '$input' has invalid value") for message in found)
    assert any(message.endswith(f": {said}") for message in found), found
    assert not [message for message in found if SECRET[:6] in message]


@pytest.mark.parametrize(("document", "said"), DOCUMENTS)
def test_a_literal_is_described_and_not_quoted(prepare: Any, document: str, said: str) -> None:
    found = messages(prepare, document)
    assert said in found
    assert not [message for message in found if "KD36F8DBCE39" in message or "7766554433" in message]


def test_a_sentence_that_is_not_known_is_not_passed_on() -> None:
    error = GraphQLError("Variable '$input' has invalid value at .secret: I do not like K7!")
    assert without_values(error) == f"Variable '$input' has invalid value at .secret: {UNSAID}"
