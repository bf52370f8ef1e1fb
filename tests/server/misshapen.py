"""Documents, bodies and socket messages that are wrong in ways that a seed decides."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import orjson

DOCUMENTS = (
    "query A($n: Int = 3) { products(first: $n) { edges { node { variants { sku price { amount } } } } } }",
    'mutation { placeOrder(input: {lines: [{sku: "x", quantity: 1}], idempotencyKey: "k"}) { __typename } }',
    "{ viewer { ...V } } fragment V on Viewer { kind permissions channel { code children { totalCount } } }",
    'subscription { orderChanged(id: "ord_1") { position order { id lines { sku } } } }',
    '{ node(id: "prd_1") { __typename ... on Product { slug @include(if: true) } ... on Order { number } } }',
    '{ a: product(slug: "fan-box") { id components { quantity variant { sku } } } b: categories { slug } }',
)
_ODD = ("{", "}", "(", ")", "[", "]", "...", "$", "@", ":", "!", '"', '"""', "#", "\\u0000", "\x00", "\ufeff",
        "é", "😀", "\u202e", "null", "-", "1e999", "9" * 50, "on", "\n", "\r", "&", "|")  # fmt: skip
_BODIES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    lambda body, chance: body[: chance.randrange(len(body))],
    lambda body, chance: body[chance.randrange(len(body)) :],
    lambda body, chance: _spliced(body, chance, bytes([chance.randrange(256)])),
    lambda body, chance: _spliced(body, chance, chance.randbytes(chance.randrange(1, 9))),
    lambda body, chance: body.replace(b'"', chance.choice((b"'", b"", b'\\"')), chance.randrange(1, 5)),
    lambda body, chance: body.replace(b":", b"", 1) + body,
    lambda _, chance: b"[" * chance.randrange(1, 3_000) + b"]" * chance.randrange(3_000),
    lambda _, chance: orjson.dumps([chance.choice((None, 1, "x", {}, []))] * chance.randrange(5)),
    lambda _, chance: orjson.dumps({"query": chance.choice((None, 1, [], {}, True))}),
    lambda _, chance: orjson.dumps({"query": "{viewer{kind}}", "variables": chance.choice((1, "x", []))}),
    lambda _, chance: chance.randbytes(chance.randrange(200)),
    lambda body, chance: body.decode().encode(chance.choice(("utf-16", "utf-32"))),
)  # fmt: skip


def documents(seed: int, count: int) -> Iterator[str]:
    """Documents with pieces cut out, doubled, moved and put in."""
    chance = random.Random(seed)
    for _ in range(count):
        text = chance.choice(DOCUMENTS)
        for _ in range(chance.randint(1, 6)):
            text = _changed(text, chance)
        yield text


def bodies(seed: int, count: int) -> Iterator[bytes]:
    """Bodies that are no requests."""
    chance = random.Random(seed)
    for _ in range(count):
        whole = orjson.dumps({"query": chance.choice(DOCUMENTS), "variables": {"n": 1}, "operationName": "A"})
        yield chance.choice(_BODIES)(whole, chance)


def messages(seed: int, count: int) -> Iterator[str]:
    """Messages for a socket: none of the protocol's, or with a payload that is no request."""
    chance = random.Random(seed)
    kinds = ("connection_init", "subscribe", "complete", "ping", "pong", "next", "error", "", "SUBSCRIBE")
    payloads: tuple[Any, ...] = (None, 1, "x", [], {}, {"query": 1}, {"query": "{"}, {"query": "{viewer{x}}"},
                {"query": "{viewer{kind}}", "variables": 1}, {"token": "x"})  # fmt: skip
    for text in documents(seed, count):
        message: dict[str, Any] = {
            "id": chance.choice(("1", "2", "", 3, None, "x" * 300)),
            "type": chance.choice(kinds),
        }
        message["payload"] = chance.choice((*payloads, {"query": text}))
        for name in list(message):
            if chance.random() < 0.15:
                del message[name]
        whole = orjson.dumps(message).decode()
        yield whole if chance.random() < 0.7 else _changed(whole, chance)


def _changed(text: str, chance: random.Random) -> str:
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.randrange(12))
    way = chance.randrange(5)
    if way == 0:
        return text[:start] + text[end:]
    if way == 1:
        return text[:start] + text[start:end] * chance.randrange(2, 20) + text[end:]
    if way == 2:
        return text[:start] + chance.choice(_ODD) * chance.randrange(1, 40) + text[start:]
    if way == 3:
        at = chance.randrange(len(text) + 1)
        return text[:at] + text[start:end] + text[at:]
    return text[:start] + "".join(chance.choice(_ODD) for _ in range(chance.randrange(1, 30))) + text[end:]


def _spliced(body: bytes, chance: random.Random, piece: bytes) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + piece + body[at + len(piece) :]
