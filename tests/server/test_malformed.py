"""Requests that are none are told so: 4xx with an error to read, never a fault."""

from __future__ import annotations

import orjson
import pytest

from tests.fixtures.served import ServedDemo

SHOP = "gd-sz-mini01"
ACCEPT = "application/graphql-response+json"
HUGE = "9" * 400
QUOTE = "query ($s: String!, $n: Int! = 1) { quote(input: {lines: [{sku: $s, quantity: $n}]}) { token } }"


@pytest.fixture(scope="module")
def storefront(demo: ServedDemo) -> str:
    """A shop's front end."""
    return str(demo.guide["storefrontTokens"][SHOP])


def refused(demo: ServedDemo, body: bytes, token: str | None = None, **headers: str) -> tuple[int, str]:
    """Status and code of a request that is refused; in every case an error of GraphQL."""
    response = demo.call(body, token, **{"accept": ACCEPT, **headers})
    answer = orjson.loads(response.body)
    assert response.headers["content-type"].startswith(ACCEPT)
    assert "data" not in answer
    assert answer["errors"][0]["message"]
    return response.status, answer["errors"][0]["extensions"]["code"]


def with_variables(text: str) -> bytes:
    """A quote with variables as they are written."""
    return b'{"query": %s, "variables": %s}' % (orjson.dumps(QUOTE), text.encode())


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b"nonsense", b"null", b"[]", b"1", b'"query"', b"{}", b"\xff\xfe", b"\xef\xbb\xbf",
        b'{"query": null}', b'{"query": 1}', b'{"query": ["{viewer{kind}}"]}', b'{"query": {}}',
        b'{"query": "{viewer{kind}}", "variables": []}', b'{"query": "{viewer{kind}}", "variables": 7}',
        b'{"query": "{viewer{kind}}", "variables": "x"}', b'{"query": "{viewer{kind}}", "extensions": 1}',
        b'{"query": "{viewer{kind}}", "operationName": 1}', b'{"query": "{viewer{kind}}", "variables": NaN}',
        b'{"query": "{viewer{kind\xc3\x28}}"}', b'{"query": "\xed\xa0\x80"}', b'{"query": "{\\u0000}"}',
        b'{"query": "\\ud800"}', b'{"query": "{viewer{kind}}\x00"}', b"[" * 100_000, b'{"a":' * 50_000,
        b'{"query": "{viewer{kind}}", "variables": {"a": ' + b"[" * 200 + b"]" * 200 + b"}}",
        b'{"query": "' + b"{a" * 5_000 + b"}" * 5_000 + b'"}',
        b'{"query": "{viewer{' + b"kind " * 20_000 + b'}}"}',
        b'[{"query": "{viewer{kind}}"}]',
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(demo: ServedDemo, body: bytes) -> None:
    status, code = refused(demo, body)
    assert 400 <= status < 500
    assert code != "INTERNAL"


@pytest.mark.parametrize(
    "variables",
    [
        '{"s": 1}', '{"s": null}', '{"s": []}', '{"s": {}}', "{}", '{"s": "x", "n": "1"}',
        '{"s": "x", "n": 1.5}',
        '{"s": "x", "n": 1e400}', '{"s": "x", "n": -1e400}', f'{{"s": "x", "n": {2**63}}}',
        f'{{"s": "x", "n": {2**31}}}', f'{{"s": "x", "n": -{2**63}}}', f'{{"s": "x", "n": {HUGE}}}',
        '{"s": "x", "n": true}', '{"s": "x", "n": null}', '{"s": "\\u0000"}', '{"s": "a\\u0000b"}',
        '{"s": "\\ud800"}', '{"s": "\\udfff\\ud800"}', '{"s": "x", "n": NaN}', '{"s": "x", "n": Infinity}',
        '{"\\u0000": 1}', '{"s": "x", "n": 01}', '{"s": "x",}', "{'s': 'x'}",
    ],
)  # fmt: skip
def test_variables_that_are_no_values_are_refused(demo: ServedDemo, storefront: str, variables: str) -> None:
    status, code = refused(demo, with_variables(variables), storefront)
    assert 400 <= status < 500
    assert code != "INTERNAL"


@pytest.mark.parametrize(
    "text",
    [
        '{ quote(input: {lines: [{sku: "x", quantity: 9223372036854775808}]}) { token } }',
        '{ quote(input: {lines: [{sku: "x", quantity: 1e400}]}) { token } }',
        "{ products(first: 99999999999999999999) { totalCount } }",
        '{ product(slug: "\\u0000") { id } ', '{ product(slug: """', "{ viewer { kind } } }", "query {", "😀",
        "{ viewer { nothing } }", "mutation { viewer { kind } }", "{ ...A } fragment A on Query { ...A }",
        "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } } } }",
    ],
)  # fmt: skip
def test_documents_that_are_none_are_refused(demo: ServedDemo, storefront: str, text: str) -> None:
    status, code = refused(demo, orjson.dumps({"query": text}), storefront)
    assert 400 <= status < 500
    assert code != "INTERNAL"


def test_a_body_that_is_too_large_is_not_read(demo: ServedDemo, storefront: str) -> None:
    body = with_variables('{"s": "' + "x" * 10_000_000 + '"}')
    assert refused(demo, body, storefront) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("token", ["x", "qs_ag_" + "x" * 43, "\xff" * 50, "x" * 5_000, "qs_pub_", "Bearer"])
def test_a_token_that_is_none_is_refused(demo: ServedDemo, token: str) -> None:
    assert refused(demo, b'{"query": "{viewer{kind}}"}', token) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("said", ["", " ", "Bearer", "Bearer ", "bearer  "])
def test_a_scheme_without_a_token_is_said_by_nobody(demo: ServedDemo, said: str) -> None:
    response = demo.call(b'{"query": "{__typename}"}', None, accept=ACCEPT, authorization=said)
    assert (response.status, orjson.loads(response.body)["data"]) == (200, {"__typename": "Query"})


@pytest.mark.parametrize(
    "kind", ["text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_another_media_type_is_refused(demo: ServedDemo, kind: str) -> None:
    status, code = refused(demo, b'{"query": "{viewer{kind}}"}', content_type=kind)
    assert (400 <= status < 500, code == "INTERNAL") == (True, False)
