"""File uploads by the GraphQL multipart request specification."""

from __future__ import annotations

import random

import orjson
import pytest

from resolvers.http.settings import HttpLimits
from tests.transport.serving import Response, Served, request

_ONE = {"query": "mutation($f: Upload!) { measure(file: $f) }", "variables": {"f": None}}
_MAP = {"0": ["variables.f"]}


def part(name: str, body: bytes, filename: str | None = None, kind: str | None = None) -> bytes:
    file = f'; filename="{filename}"' if filename is not None else ""
    head = f'Content-Disposition: form-data; name="{name}"{file}\r\n'
    head += f"Content-Type: {kind}\r\n" if kind else ""
    return b"--XX\r\n" + head.encode() + b"\r\n" + body + b"\r\n"


def form(operations: object, places: object, *files: bytes) -> bytes:
    return (
        part("operations", orjson.dumps(operations))
        + part("map", orjson.dumps(places))
        + b"".join(files)
        + b"--XX--\r\n"
    )


async def send(served: Served, body: bytes, step: int = 1_000_000, boundary: str = "XX") -> Response:
    pieces = [body[at : at + step] for at in range(0, len(body), step)] or [b""]
    kind = f"multipart/form-data; boundary={boundary}" if boundary else "multipart/form-data"
    return await request(served, body=pieces, content_type=kind, accept="application/json")


async def test_a_file_reaches_its_resolver_whatever_the_pieces_it_came_in() -> None:
    content = random.Random(1).randbytes(3_000)
    body = form(_ONE, _MAP, part("0", content, "C:\\tmp\\cards.csv", "text/csv"))
    for step in (1, 7, 4_096, 1_000_000):
        value = orjson.loads((await send(Served(), body, step)).body)
        assert value["data"]["measure"] == ["cards.csv", "text/csv", "3000", "3000"]


async def test_a_large_file_goes_through_the_disk_in_chunks() -> None:
    served = Served(http=HttpLimits(spool_bytes=10_000))
    body = form(_ONE, _MAP, part("0", b"x" * 250_000, "a.bin", "application/octet-stream"))
    value = orjson.loads((await send(served, body, 16_384)).body)
    assert value["data"]["measure"][2:] == ["250000", "100000", "100000", "50000"]


async def test_files_go_into_lists_and_one_file_into_several_places() -> None:
    operations = {
        "query": "mutation($f: [Upload!]!) { measureAll(files: $f) }",
        "variables": {"f": [None, None, None]},
    }
    places = {"a": ["variables.f.0", "variables.f.2"], "b": ["variables.f.1"]}
    body = form(operations, places, part("a", b"first", "a"), part("b", b"second", "b"))
    assert orjson.loads((await send(Served(), body)).body)["data"]["measureAll"] == [
        "first",
        "second",
        "first",
    ]


async def test_a_file_name_in_chinese_survives() -> None:
    body = form(_ONE, _MAP, part("0", b"x", "卡密.xlsx"))
    assert orjson.loads((await send(Served(), body)).body)["data"]["measure"][0] == "卡密.xlsx"


async def test_an_upload_cannot_be_sent_as_json() -> None:
    body = orjson.dumps(_ONE | {"variables": {"f": {"filename": "x"}}})
    response = await request(Served(), body=body, content_type="application/json")
    assert orjson.loads(response.body)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


_FILE = part("0", b"x", "a")


@pytest.mark.parametrize(
    "body",
    [b"", b"--XX--\r\n", b"nonsense", form(_ONE, _MAP), form(_ONE, {"0": ["variables.g"]}, _FILE),
     form(_ONE, {"0": ["query"]}, _FILE), form(_ONE, {"0": "variables.f"}, _FILE), form(_ONE, [], _FILE),
     form(_ONE, {"0": [1]}, _FILE), form([_ONE], _MAP, _FILE), form(_ONE, {"0": ["variables"]}, _FILE),
     form(_ONE, {"0": ["variables.f.x"]}, _FILE), form(_ONE, _MAP, _FILE, _FILE),
     form({"query": "{ hello }", "variables": {"f": "full"}}, _MAP, _FILE),
     part("map", b"{}") + _FILE + b"--XX--", _FILE + b"--XX--", form(_ONE, _MAP, _FILE)[:-8],
     b"--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--", b"--XX\r\n\r\nx\r\n--XX--",
     part("operations", b"{") + part("map", b"{}") + b"--XX--"],
)  # fmt: skip
async def test_a_form_of_the_wrong_shape_is_400(body: bytes) -> None:
    served = Served()
    response = await send(served, body)
    assert response.status == 400, response.body
    assert orjson.loads(response.body)["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert served.faults == []


@pytest.mark.parametrize("boundary", ["", "x" * 1_000])
async def test_a_wrong_boundary_is_400(boundary: str) -> None:
    assert (await send(Served(), form(_ONE, _MAP, _FILE), boundary=boundary)).status == 400


async def test_too_many_and_too_large_files_are_413() -> None:
    served = Served(http=HttpLimits(max_files=1, max_upload_bytes=5_000, max_body_bytes=300))
    two = form(_ONE, {"0": ["variables.f"], "1": ["variables.f"]}, _FILE, part("1", b"y", "b"))
    assert (await send(served, two)).status == 413
    assert (await send(served, form(_ONE, _MAP, part("0", b"x" * 6_000, "a")))).status == 413
    assert (await send(served, form({"query": " " * 400}, _MAP, _FILE))).status == 413


async def test_two_hundred_damaged_forms_are_refused_and_none_is_a_fault() -> None:
    served, chance = Served(), random.Random(7)
    good = form(_ONE, _MAP, part("0", b"content", "a.csv", "text/csv"))
    for _ in range(200):
        damaged = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        response = await send(served, bytes(damaged), chance.choice([3, 50, 10_000]))
        assert response.status < 500
    assert served.faults == []
