"""Requests that are wrong in every way there is, each with a secret in the place of some value.

In the place of a name (of a field, a file, a SKU) it is published by the caller, and errors may repeat it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.promises.documents import FOLLOW, PAY, PLACE, REDEEM
from tests.promises.witness import Witness

TRACE = "query ($secret: String!) { traceCard(secret: $secret) { card { id } } }"


def bodies(secret: str) -> list[bytes]:
    """Bodies that are not JSON, not a request, or too much."""
    whole = json.dumps({"query": REDEEM, "variables": {"input": {"secret": secret}}})
    nested = "[" * 100 + json.dumps(secret) + "]" * 100
    return [
        whole[:-2].encode(),
        whole.encode().replace(b"{", b"{\xff", 1),
        whole.encode("utf-16"),
        secret.encode(),
        json.dumps(secret).encode(),
        json.dumps([secret]).encode(),
        json.dumps({"query": secret}).encode(),
        json.dumps({"query": None, "extensions": {"persistedQuery": {"sha256Hash": secret}}}).encode(),
        json.dumps({"query": REDEEM, "variables": secret}).encode(),
        json.dumps({"query": "{ viewer { kind } }", "variables": {"x": nested}}).encode(),
        whole.replace(secret, f"{secret}\\u0000").encode(),
        f'{{"query": "{{ viewer {{ kind }} }}", "variables": {{"x": {nested}}}}}'.encode(),
        whole.encode() + b" " * 1_100_000,
    ]


def inputs(secret: str) -> list[tuple[str, Any]]:
    """Variables of the wrong type, or that name nothing."""
    key = {"idempotencyKey": "k"}
    return [
        (REDEEM, secret),
        (REDEEM, [secret]),
        (REDEEM, {"secret": {"x": secret}, **key}),
        (REDEEM, {"secret": [secret, secret], **key}),
        (REDEEM, {"secret": secret}),
        (REDEEM, {"secret": secret, "idempotencyKey": 7}),
        (REDEEM, {"secret": secret, "number": 12345678901234567890, **key}),
        (REDEEM, {"secrte": secret, **key}),
        (REDEEM, {"secret": secret, "idempotencyKey": ""}),
        (PAY, {"orderId": secret, "method": "SANDBOX", **key}),
        (PAY, {"orderId": "ord_x", "method": secret, **key}),
        (PLACE, {"lines": [{"sku": "KEY", "quantity": secret}], **key}),
        (PLACE, {"lines": [{"sku": "KEY", "quantity": 1}], "quoteToken": secret, **key}),
    ]


def literals(secret: str) -> list[str]:
    """Documents with the secret in their text."""
    name = f"x{secret}".replace("-", "_")
    return [
        f'mutation {{ redeemCard(input: {{secret: "{secret}" idempotencyKey: 7}}) {{ __typename }} }}',
        f"mutation {{ redeemCard(input: {{secret: {name}, idempotencyKey: " + '"k"}) { __typename } }',
        f'mutation {{ redeemCard(input: {{secret: "{secret}',
        f'mutation {{ redeemCard(input: "{secret}") {{ __typename }} }}',
        f'mutation {{ redeemCard(secret: "{secret}") {{ __typename }} }}',
        f'{{ product(slug: {{a: "{secret}"}}) {{ id }} }}',
        f'{{ products(first: "{secret}") {{ totalCount }} }}',
        f'{{ products(after: "{secret}") {{ totalCount }} }}',
        f'{{ node(id: "{secret}") {{ id }} }}',
        f'{{ card(id: "{secret}") {{ id }} }}',
        f'query A {{ viewer {{ kind }} }} query B {{ viewer(x: "{secret}") {{ kind }} }}',
        f'{{ viewer {{ kind }} }} "{secret}"',
        f"{{ viewer {{ kind }} }} {name}",
    ]


async def misspeak(witness: Witness, token: str, secret: str) -> None:
    """All of it, over HTTP and over a socket."""
    said = {"authorization": f"Bearer {token}"}
    for body in bodies(secret):
        await witness.post(body, **said)
    for document, value in inputs(secret):
        await witness.ask(document, token, input=value)
    for document in literals(secret):
        await witness.ask(document, token)
        await witness.ask(document, token, secret=secret)
    await witness.ask(TRACE, token, secret=secret)
    await _by_other_ways(witness, token, secret)
    await _by_socket(witness, token, secret)


async def _by_other_ways(witness: Witness, token: str, secret: str) -> None:
    said = {"authorization": f"Bearer {token}"}
    whole = json.dumps({"query": REDEEM, "variables": {"input": {"secret": secret, "idempotencyKey": "k"}}})
    await witness.get("/graphql", query=REDEEM, variables=json.dumps({"input": {"secret": secret}}))
    await witness.get("/graphql", query="{ viewer { kind } }", variables=secret)
    await witness.get("/graphql", query=secret, token=secret)
    await witness.get(f"/{secret}")
    await witness.get(f"/graphql/{secret}")
    await witness.post(whole, content_type="text/plain", **said)
    await witness.post(whole, content_type=f"application/{secret}", **said)
    await witness.post(whole, accept=f"text/{secret}", **said)
    await witness.post(whole, authorization=f"Bearer {secret}")
    await witness.post(whole, authorization=f"Basic {secret}")
    await witness.post(whole, cookie=f"session={secret}")
    await witness.post(whole, accept="text/event-stream", **said)
    follow = json.dumps({"query": FOLLOW, "variables": {"after": secret}})
    await witness.post(follow, accept="text/event-stream", **said)
    for place in ("variables.input", "variables.input.file", secret):
        files = {"0": (f"{secret}.csv", secret.encode())}
        data = {"operations": whole, "map": json.dumps({"0": [place]})}
        request = witness.http.build_request("POST", witness.server.url + "/graphql", data=data, files=files)
        body = await request.aread()
        kind = request.headers["content-type"]
        await witness.post(body, content_type=kind, **said)
        await witness.post(body[:-20], content_type=kind, **said)
        await witness.post(
            body.replace(b'name="map"', f'name="{secret}"'.encode()), content_type=kind, **said
        )


async def _by_socket(witness: Witness, token: str, secret: str) -> None:
    begin = {"type": "connection_init", "payload": {"token": token}}
    follow = {"type": "subscribe", "id": "1", "payload": {"query": FOLLOW, "variables": {"after": secret}}}
    use = {"query": REDEEM, "variables": {"input": {"secret": {"x": secret}}}}
    for first in ({"type": "connection_init", "payload": {"token": secret}}, secret, {"type": secret}):
        async with witness.socket() as say:
            await say(first)
    async with witness.socket() as say:
        await say(begin)
        await say(follow)
        await say({"type": "subscribe", "id": secret[:8], "payload": use})
        await say({"type": "subscribe", "id": "3", "payload": secret})
    with suppress(InvalidHandshake, ConnectionClosed):
        async with witness.socket(secret) as say:
            await say({"type": "subscribe", "id": "1", "payload": use})
