"""Trusted documents: front ends name what was registered, and where their channel says so nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from domain.refusals import InvalidInput, NotFound
from persistence.access.manifest import read_manifest, registered
from persistence.access.trusted import trust
from persistence.database import Database
from persistence.starting import CannotStart
from persistence.trust import TRUSTED_S
from schema.engine.persisted import unusable
from tests.engine.tiny import engine
from tests.fixtures.served import ServedDemo
from tests.server_process import ServerProcess

SHOP, CITY, OTHER = "gd-sz-mini01", "gd-sz", "gd-gz-live01"
CHANNEL = "query Channel { viewer { channel { code } } }"
KIND = "query Kind { viewer { kind } }"
CHANGES = "subscription Changes($id: ID!) { orderChanged(id: $id) { position } }"
LOOSE = "{ viewer { kind } }"


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


DOCUMENTS = {"channel-1": CHANNEL, hash_of(KIND): KIND, "changes": CHANGES}


def register(demo: ServedDemo, channel: str, texts: Mapping[str, str], **more: Any) -> tuple[int, int]:
    """Register as the command does, without its process."""

    async def run() -> tuple[int, int]:
        database = await Database.open(str(demo.settings.database_url), 2)
        try:
            return await trust(database, channel, texts, **{"only": None, "replace": False, **more})
        finally:
            await database.close()

    counts = demo.apart.run(run())
    if more.get("only") is not None:
        # What another process changes of a token's rights is believed for so long (decision 53).
        time.sleep(TRUSTED_S)
    return counts


@pytest.fixture
def limited(demo: ServedDemo) -> Iterator[ServedDemo]:
    """A demo whose city lets its front ends run registered documents only."""
    register(demo, CITY, DOCUMENTS, only=True)
    yield demo
    register(demo, CITY, {"none": KIND}, only=False, replace=True)


def storefront(demo: ServedDemo, shop: str = SHOP) -> str:
    return str(demo.guide["storefrontTokens"][shop])


def send(demo: ServedDemo, token: str | None, accept: str = "", **said: Any) -> Any:
    headers = {"accept": accept or "application/graphql-response+json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    return demo.http.post(demo.url, json=said, headers=headers)


def test_registered_documents_run_by_id_by_hash_and_by_their_text(limited: ServedDemo) -> None:
    token = storefront(limited)
    by_hash = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(CHANNEL)}}
    for said in (
        {"documentId": "channel-1"}, {"documentId": f"sha256:{hash_of(CHANNEL)}"}, {"extensions": by_hash},
        {"query": CHANNEL}, {"query": CHANNEL, "extensions": by_hash}, {"documentId": hash_of(CHANNEL)},
    ):  # fmt: skip
        answer = send(limited, token, **said).json()
        assert answer["data"] == {"viewer": {"channel": {"code": SHOP}}}, said
    headers = {"authorization": f"Bearer {token}"}
    response = limited.http.get(f"{limited.url}?documentId=channel-1", headers=headers)
    assert response.json()["data"] == {"viewer": {"channel": {"code": SHOP}}}


NOT_TRUSTED: list[dict[str, Any]] = [
    {"query": LOOSE}, {"query": "{ __schema { queryType { name } } }"}, {"documentId": "unknown"},
    {"query": "{"},
    {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(LOOSE)}}},
    {"query": LOOSE, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(LOOSE)}}},
    {"query": LOOSE, "documentId": "channel-1"},
]  # fmt: skip


def test_everything_else_is_refused_and_told_what_to_do(limited: ServedDemo) -> None:
    # Somebody else's persisted query must not be a way around.
    assert send(limited, None, **asked_automatically(LOOSE)).status_code == 200
    for said in NOT_TRUSTED:
        response = send(limited, storefront(limited), **said)
        (error,) = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (403, "DOCUMENT_NOT_TRUSTED"), said
        assert error["extensions"].get("documentId") == (
            f"sha256:{hash_of(said['query'])}" if "query" in said else None
        ), said
        assert "trust-documents" in error["message"], said


def asked_automatically(text: str) -> dict[str, Any]:
    return {"query": text, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}}


def test_the_limit_is_for_front_ends_of_the_channel_and_of_those_below(limited: ServedDemo) -> None:
    statuses = {
        "shop": send(limited, storefront(limited), query=LOOSE).status_code,
        "another city's shop": send(limited, storefront(limited, OTHER), query=LOOSE).status_code,
        "agent": send(limited, limited.sign_in(CITY), query=LOOSE).status_code,
        "anonymous": send(limited, None, query=LOOSE).status_code,
    }
    assert statuses == {"shop": 403, "another city's shop": 200, "agent": 200, "anonymous": 200}


def test_a_customer_is_limited_as_the_shop_is(demo: ServedDemo) -> None:
    customer = demo.customer("13700000002", SHOP)
    assert send(demo, customer, query=LOOSE).status_code == 200
    register(demo, SHOP, {"kind": KIND}, only=True)
    assert send(demo, customer, query=LOOSE).status_code == 403
    assert send(demo, customer, documentId="kind").json()["data"] == {"viewer": {"kind": "CUSTOMER"}}
    register(demo, SHOP, {"kind": KIND}, only=False)


def test_the_nearest_channel_says_whether_there_is_a_limit(limited: ServedDemo) -> None:
    register(limited, SHOP, {"kind": KIND}, only=False)
    assert send(limited, storefront(limited), query=LOOSE).status_code == 200
    assert send(limited, storefront(limited), documentId="channel-1").json()["data"]["viewer"]
    register(limited, SHOP, {"kind": KIND}, only=True)
    assert send(limited, storefront(limited), query=LOOSE).status_code == 403


def test_an_id_of_another_channel_is_unknown(limited: ServedDemo) -> None:
    response = send(limited, storefront(limited, OTHER), documentId="channel-1")
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (
        400,
        "DOCUMENT_NOT_FOUND",
    )


def test_streams_and_sockets_are_limited_too(limited: ServedDemo) -> None:
    token = storefront(limited)
    response = send(limited, token, "text/event-stream", query=LOOSE)
    assert response.status_code == 200
    assert '"code":"DOCUMENT_NOT_TRUSTED"' in response.text
    assert '"code":"FORBIDDEN"' in send(limited, token, "text/event-stream", documentId="changes",
                                       variables={"id": "x"}).text  # fmt: skip
    with connect(limited.socket_url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        socket.send(json.dumps({"type": "connection_init", "payload": {"token": token}}))
        assert json.loads(socket.recv(timeout=5)) == {"type": "connection_ack"}
        heard = []
        for payload in ({"query": LOOSE}, {"documentId": "channel-1"}):
            socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
            heard.append(json.loads(socket.recv(timeout=5)))
    refused, answered = heard
    assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "DOCUMENT_NOT_TRUSTED")
    assert answered["payload"]["data"] == {"viewer": {"channel": {"code": SHOP}}}


def test_registering_again_adds_and_replacing_withdraws(demo: ServedDemo) -> None:
    assert register(demo, OTHER, {"a": KIND, "b": CHANNEL}) == (2, 0)
    assert register(demo, OTHER, {"a": KIND, "b": LOOSE, "c": LOOSE}) == (2, 0)
    assert register(demo, OTHER, {"c": LOOSE}, replace=True) == (0, 2)
    query = """SELECT t.id FROM trusted_document t JOIN channel c ON c.id = t.channel_id WHERE c.code = $1"""
    assert [row["id"] for row in demo.rows(query, OTHER)] == ["c"]
    with pytest.raises(NotFound):
        register(demo, "nowhere", {"a": KIND})
    assert register(demo, OTHER, {"d": KIND}, replace=True) == (1, 1)


def test_the_command_registers_a_manifest(demo: ServedDemo, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({f"sha256:{hash_of(KIND)}": KIND}))
    command = ["trust-documents", str(tmp_path / "manifest.json"), "--channel", OTHER, "--only"]
    dsn, data = str(demo.settings.database_url), str(demo.settings.data)
    process = ServerProcess(tmp_path, dsn, command=command, QUANYI_DATA=data, QUANYI_DEMO="true")
    assert process.run_to_end() == 0, process.log
    assert process.output == "1 documents are new, 0 were withdrawn.\n"
    answer = send(demo, storefront(demo, OTHER), documentId=hash_of(KIND)).json()
    assert answer["data"] == {"viewer": {"kind": "STOREFRONT"}}
    time.sleep(TRUSTED_S)
    assert send(demo, storefront(demo, OTHER), query=LOOSE).status_code == 403
    register(demo, OTHER, {"kind": KIND}, only=False, replace=True)


async def test_what_the_schema_cannot_run_is_not_registered(demo: ServedDemo, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"a": "{ hello }", "b": "{ nothing }", "c": "{"}))
    wrong = partial(unusable, engine().documents)
    with pytest.raises(CannotStart) as caught:
        await registered(demo.settings, tmp_path / "manifest.json", OTHER, wrong, only=None, replace=True)
    assert [sentence.partition(":")[0] for sentence in caught.value.problems] == ["b", "c"]


@pytest.mark.parametrize(
    ("said", "found"),
    [({"a": KIND}, {"a": KIND}), ({f"sha256:{hash_of(KIND)}": KIND}, {hash_of(KIND): KIND}),
     ({"format": "apollo-persisted-query-manifest", "version": 1,
       "operations": [{"id": "x", "body": KIND, "name": "Kind", "type": "query"}]}, {"x": KIND})],
)  # fmt: skip
def test_manifests_of_relay_codegen_and_apollo_are_read(said: Any, found: Any, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(said))
    assert read_manifest(tmp_path / "manifest.json") == found


@pytest.mark.parametrize(
    "text",
    ["", "[]", "1", "{}", '{"a": 1}', '{"": "{ x }"}', '{"a b": "{ x }"}', '{"a": " "}', '{"operations": []}',
     '{"operations": [{"id": "x"}]}',
     '{"operations": [{"id": "x", "body": "{a}"}, {"id": "x", "body": "{b}"}]}',
     '{"sha256:00": "{ x }"}'],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_manifest(tmp_path / "manifest.json")
    assert str(caught.value).endswith(".")
    with pytest.raises(InvalidInput):
        read_manifest(tmp_path / "missing.json")
