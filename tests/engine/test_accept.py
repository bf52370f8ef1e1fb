"""Content negotiation with the headers that front ends really send."""

from __future__ import annotations

import pytest

from schema.engine.accept import EVENT_STREAM, GRAPHQL_JSON, HTML, JSON, choose, names

_URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, "
    "text/event-stream, multipart/mixed"
)
_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("application/graphql-response+json", GRAPHQL_JSON),
        ("application/graphql-response+json,application/json;q=0.9", GRAPHQL_JSON),
        ("application/json, application/graphql-response+json", JSON),
        ("application/json;q=0.5, application/graphql-response+json", GRAPHQL_JSON),
        (_URQL, GRAPHQL_JSON),
        ("text/event-stream, multipart/mixed", EVENT_STREAM),
        ("text/event-stream", EVENT_STREAM),
        (_BROWSER, HTML),
        ("application/json; charset=utf-8", JSON),
        ("application/json; charset=latin1", None),
        ("application/json;q=0, */*", GRAPHQL_JSON),
        ("image/png", None),
        ("nonsense", None),
        ("*/*;q=0", None),
        ("APPLICATION/JSON", JSON),
        ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json", JSON),
    ],
)
def test_the_best_offer_is_chosen(header: str | None, chosen: str | None) -> None:
    assert choose(header, [JSON, GRAPHQL_JSON, EVENT_STREAM, HTML]) == chosen


def test_only_a_named_type_counts_as_asked_for() -> None:
    assert names(_URQL, EVENT_STREAM)
    assert names("text/*", EVENT_STREAM)
    assert not names("*/*", EVENT_STREAM)
    assert not names(None, EVENT_STREAM)
    assert not names("text/event-stream;q=0", EVENT_STREAM)
