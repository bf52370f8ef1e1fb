"""GraphiQL in the browser: ours alone, and out of the way of the API."""

from __future__ import annotations

import re

from persistence.veil import new_veil
from resolvers.http.endpoint import HttpEndpoint
from resolvers.http.explorer import Explorer
from tests.engine.tiny import engine
from tests.transport.serving import Served, TinyGateway, request

_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def endpoint() -> HttpEndpoint:
    return HttpEndpoint(engine(), TinyGateway(), new_veil, explorer=Explorer("Quanyi · GraphiQL"))


async def test_a_browser_gets_graphiql_and_all_of_it_from_here() -> None:
    served = endpoint()
    page = await request(served, "GET", accept=_BROWSER)
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    text = page.body.decode()
    assert "<title>Quanyi · GraphiQL</title>" in text
    assert "//" not in re.sub(r"<!doctype[^>]*>", "", text).replace("…", "")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    files = re.findall(r'(?:src|href)="(/graphql/explorer/[^"]+)"', text)
    assert len(files) == 6
    for path in files:
        file = await request(served, "GET", path=path, accept="*/*")
        assert file.status == 200
        assert len(file.body) > 100
        assert file.headers["content-type"].startswith(("text/javascript", "text/css"))


async def test_a_query_in_the_address_is_shown_to_a_browser_and_answered_to_a_program() -> None:
    served = endpoint()
    query = b"query=%7Bhello%7D"
    assert (
        (await request(served, "GET", query=query, accept=_BROWSER))
        .headers["content-type"]
        .startswith("text/html")
    )
    for accept in ("application/json", "*/*", ""):
        answer = await request(served, "GET", query=query, accept=accept)
        assert b"hello world" in answer.body


async def test_no_other_file_can_be_read() -> None:
    for name in ("../endpoint.py", "page.html", "", "__init__.py", "%2e%2e/endpoint.py", "x/../start.js"):
        assert (
            await request(endpoint(), "GET", path=f"/graphql/explorer/{name}", accept="*/*")
        ).status == 404


async def test_without_an_explorer_a_browser_gets_json() -> None:
    answer = await request(Served(), "GET", query=b"query=%7Bhello%7D", accept=_BROWSER)
    assert answer.headers["content-type"].startswith("application/json")
