"""Imports as the back office meets them: upload, watch, page through refusals, withdraw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import strawberry

import server
from domain.access.permissions import Role, of_agent
from domain.ids import new_id
from persistence.background import running
from persistence.cards import batch_jobs
from persistence.database import Database
from persistence.feed import LiveFeed
from persistence.relay import Relay
from resolvers.http.codec import OrjsonCodec
from schema import ids
from schema.context import Context
from schema.engine.compiled.execution import CompiledExecution
from schema.engine.engine import Engine
from tests.cards.intake import Intake, SentFile, csv_of, furnish
from tests.subscriptions.listening import Listener, serve
from tests.subscriptions.ticking import until

IMPORT = """mutation ($input: ImportCardsInput!) { importCards(input: $input) { __typename
  ... on CardImport { id status dryRun sku fileName origin createdAt }
  ... on NotSoldAsCards { sku kind }
  ... on Refusal { code message field } } }"""
PROGRESS = """query ($id: ID!, $first: Int = 100, $after: String) { cardImport(id: $id) {
  id status dryRun rowsRead accepted rejected percent failure
  rejections(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { row reason } } } } }"""
BACKWARDS = """query ($id: ID!, $last: Int, $before: String) { cardImport(id: $id) {
  rejections(last: $last, before: $before) {
    pageInfo { hasPreviousPage startCursor } edges { node { row } } } } }"""
RUNNING = (
    "subscription ($id: ID!) { cardImportProgress(id: $id) { status rowsRead accepted rejected percent } }"
)
WITHDRAW = """mutation ($input: WithdrawCardImportInput!) { withdrawCardImport(input: $input) { __typename
  ... on CardImport { id status reason } ... on Refusal { code message field } } }"""
MINT = """mutation ($input: MintCardsInput!) { mintCards(input: $input) { __typename
  ... on CardImport { id status accepted origin expiresAt } ... on Refusal { code message field } } }"""
LIST = """query ($sku: String, $status: [CardImportStatus!], $first: Int, $after: String) {
  cardImports(sku: $sku, status: $status, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { id sku } } } }"""
CODES = [["AAAA00000001"], ["AAAA00000001"], [""], ["!!"], ["AAAA00000002"]]
FILE = csv_of([[code, "x"] for (code,) in CODES], "卡密,备注")


class BackOffice:
    """A person of headquarters' stock room, over the whole schema."""

    def __init__(self, intake: Intake, schema: strawberry.Schema) -> None:
        self.intake, self.schema = intake, schema
        roles = frozenset({Role.STOCK})
        self.caller = replace(intake.caller, permissions=of_agent(roles, at_headquarters=True))
        self.feed = LiveFeed(intake.database, intake.bell)
        self.execution = CompiledExecution(schema)
        self.engine = Engine(schema, codec=OrjsonCodec(), execution=self.execution)

    def context(self) -> Context:
        reads: Any = self.intake.reads
        return Context(self.caller, reads, self.intake.perform, self.feed)

    async def run(self, document: str, **variables: Any) -> Any:
        return await self.schema.execute(document, variables, context_value=self.context())

    async def ask(self, document: str, **variables: Any) -> Any:
        answer = await self.run(document, **variables)
        assert answer.errors is None, answer.errors
        (value,) = answer.data.values()
        return value

    async def send(self, text: str = FILE, sku: str = "KEY", **more: Any) -> Any:
        said = {"sku": sku, "file": SentFile(text.encode()), "idempotencyKey": self.intake.key(), **more}
        return await self.ask(IMPORT, input=said)

    async def fill(self, batch: Any) -> None:
        await batch_jobs.fill({"batch": str(ids.decode("imp", batch["id"]))}, self.intake.desk)

    async def follow(self, id: str, listener: Listener) -> list[dict[str, Any]]:
        """All that is told, to the end."""
        await serve(self.engine, RUNNING, self.context(), listener, id=id)
        return [answer["data"]["cardImportProgress"] for answer in listener.answers]


@pytest.fixture(scope="module")
def schema() -> strawberry.Schema:
    return server.build_schema()


@pytest.fixture
async def office(dsn: str, schema: strawberry.Schema) -> AsyncIterator[BackOffice]:
    database = await Database.open(dsn)
    office = BackOffice(await furnish(database), schema)
    relay = Relay(database, office.intake.bell)
    async with running(relay=relay.run, feed=office.feed.run):
        yield office
    await database.close()


async def test_a_file_is_sent_and_looked_at_page_by_page(office: BackOffice) -> None:
    batch = await office.send()
    assert (batch["__typename"], batch["status"], batch["dryRun"]) == ("CardImport", "QUEUED", False)
    assert (batch["sku"], batch["fileName"], batch["origin"]) == ("KEY", "cards.csv", "FILE")
    await office.fill(batch)
    seen = await office.ask(PROGRESS, id=batch["id"], first=2)
    assert (seen["status"], seen["rowsRead"], seen["accepted"], seen["rejected"]) == ("SUCCEEDED", 5, 2, 3)
    assert (seen["percent"], seen["failure"]) == (100, None)
    page = seen["rejections"]
    assert page["totalCount"] == 3
    assert [edge["node"] for edge in page["edges"]] == [
        {"row": 3, "reason": "DUPLICATE_IN_FILE"},
        {"row": 4, "reason": "MISSING_SECRET"},
    ]
    assert page["pageInfo"]["hasNextPage"] is True
    rest = await office.ask(PROGRESS, id=batch["id"], after=page["pageInfo"]["endCursor"])
    assert [edge["node"]["row"] for edge in rest["rejections"]["edges"]] == [5]
    back = await office.ask(BACKWARDS, id=batch["id"], last=2)
    assert [edge["node"]["row"] for edge in back["rejections"]["edges"]] == [4, 5]
    cursor = back["rejections"]["pageInfo"]["startCursor"]
    first = await office.ask(BACKWARDS, id=batch["id"], last=2, before=cursor)
    assert [edge["node"]["row"] for edge in first["rejections"]["edges"]] == [3]
    foreign = await office.run(PROGRESS, id=batch["id"], after="bm9uc2Vuc2U")
    assert foreign.errors


async def test_a_follower_sees_where_it_is_each_change_and_the_end(office: BackOffice) -> None:
    text = csv_of([[f"CODE{number:08}"] for number in range(9_000)])
    batch = await office.send(text)
    listener = Listener()
    following = asyncio.create_task(office.follow(batch["id"], listener))
    await until(lambda: bool(listener.payloads))
    await office.fill(batch)
    seen = await asyncio.wait_for(following, 20)
    assert [(one["status"], one["rowsRead"]) for one in seen] == [
        ("QUEUED", 0),
        ("RUNNING", 0),
        ("RUNNING", 4_000),
        ("RUNNING", 8_000),
        ("RUNNING", 9_000),
        ("SUCCEEDED", 9_000),
    ]
    assert [one["percent"] for one in seen] == sorted(one["percent"] for one in seen)
    assert seen[-1] == {
        "status": "SUCCEEDED", "rowsRead": 9_000, "accepted": 9_000, "rejected": 0, "percent": 100,
    }  # fmt: skip
    assert await asyncio.wait_for(office.follow(batch["id"], Listener()), 20) == [seen[-1]]
    assert await asyncio.wait_for(office.follow(ids.encode("imp", new_id()), Listener()), 20) == []
    assert office.execution.compiled >= len(seen) + 1
    assert office.execution.fallbacks == {}


async def test_a_withdrawal_answers_the_import_or_why_not(office: BackOffice) -> None:
    batch = await office.send()
    await office.fill(batch)
    done = await office.ask(WITHDRAW, input={"id": batch["id"], "reason": "wrong price"})
    assert done == {
        "__typename": "CardImport", "id": batch["id"], "status": "WITHDRAWN", "reason": "wrong price",
    }  # fmt: skip
    for wrong in ("imp_nonsense", ids.encode("imp", new_id()), batch["id"].replace("imp_", "crd_")):
        refused = await office.ask(WITHDRAW, input={"id": wrong, "reason": "r"})
        assert (refused["__typename"], refused["code"], refused["field"]) == ("NotFound", "NOT_FOUND", ["id"])


async def test_minting_answers_a_queued_import(office: BackOffice) -> None:
    said = {"sku": "KEY", "quantity": 7, "expiresAt": "2099-01-01T00:00:00+08:00", "idempotencyKey": "k"}
    batch = await office.ask(MINT, input=said)
    assert (batch["status"], batch["accepted"], batch["origin"]) == ("QUEUED", 0, "MINT")
    assert await office.ask(MINT, input=said) == batch
    refused = await office.ask(MINT, input=said | {"quantity": 8})
    assert refused["code"] == "IDEMPOTENCY_CONFLICT"
    await office.fill(batch)
    assert (await office.ask(PROGRESS, id=batch["id"]))["accepted"] == 7


async def test_refusals_say_what_to_change(office: BackOffice) -> None:
    assert await office.send(sku="FIGURE") == {
        "__typename": "NotSoldAsCards", "sku": "FIGURE", "kind": "PHYSICAL", "code": "NOT_SOLD_AS_CARDS",
        "message": "FIGURE is of kind PHYSICAL, which has no cards in stock.", "field": ["sku"],
    }  # fmt: skip
    assert (await office.send("a,b\n1,2\n"))["code"] == "COLUMNS_NOT_FOUND"
    assert (await office.send("")) | {"message": ""} == {
        "__typename": "UnreadableFile", "code": "UNREADABLE_FILE", "message": "", "field": ["file"],
    }  # fmt: skip
    named = await office.send("a,b\nAAAA11111111,x\n", columns={"secret": "a"})
    assert named["__typename"] == "CardImport"


async def test_imports_are_listed_the_newest_first(office: BackOffice) -> None:
    sent = [await office.send(csv_of([[f"LIST{number:08}"]])) for number in range(3)]
    await office.send("卡号,卡密\n60010001,ABCD\n", sku="NUMBERED")
    await office.fill(sent[0])
    page = await office.ask(LIST, sku="KEY", first=2)
    assert page["totalCount"] == 3
    assert [edge["node"]["id"] for edge in page["edges"]] == [sent[2]["id"], sent[1]["id"]]
    rest = await office.ask(LIST, sku="KEY", first=2, after=page["pageInfo"]["endCursor"])
    assert [edge["node"]["id"] for edge in rest["edges"]] == [sent[0]["id"]]
    queued = await office.ask(LIST, status=["QUEUED"])
    assert queued["totalCount"] == 3
    assert (await office.ask(LIST, status=[]))["totalCount"] == 0
    assert (await office.ask(LIST, sku="NOTHING"))["edges"] == []


async def test_nobody_else_sees_or_makes_imports(office: BackOffice) -> None:
    batch = await office.send()
    office.caller = replace(
        office.caller, permissions=of_agent(frozenset({Role.SALES}), at_headquarters=True)
    )
    for document, variables in (
        (PROGRESS, {"id": batch["id"]}),
        (LIST, {}),
        (WITHDRAW, {"input": {"id": batch["id"], "reason": "r"}}),
        (MINT, {"input": {"sku": "KEY", "quantity": 1, "idempotencyKey": "k"}}),
    ):
        answer = await office.run(document, **variables)
        assert list(answer.data.values()) == [None]
        assert [str(error.message) for error in answer.errors] == [
            "This needs the permission cards:import, which this token does not have."
        ]
    found = await office.run("query ($id: ID!) { node(id: $id) { id } }", id=batch["id"])
    assert (found.errors, found.data) == (None, {"node": None})
