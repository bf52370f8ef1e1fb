"""What can be followed, by everybody: a refusal, silence, or the events of one's own and no others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type

from tests.house.sdl import audience_of
from tests.permissions.picks import is_node
from tests.permissions.principals import Principal
from tests.permissions.story import Story
from tests.permissions.things import Thing, Things, concerns, relation, sees, unknown_like

QUIET_S = 0.05
"""How long a feed is listened to when all that is expected has come."""
PATIENCE_S = 10.0
TO_THE_END = 10**6
"""More events than there are: the feed has to end by itself."""


@dataclass
class Heard:
    """What an event stream said."""

    status: int = 0
    body: bytes = b""
    events: list[Any] = field(default_factory=list)
    completed: bool = False

    @property
    def refusals(self) -> list[tuple[list[str], str]]:
        """Path and code of each error that the stream has instead of events."""
        refused = b'event: next\ndata: {"errors"'
        found = self.events[0] if self.body.startswith(refused) and self.completed else {}
        return [(error.get("path"), error["extensions"]["code"]) for error in found.get("errors", [])]


async def listened(site: Any, token: str | None, document: str, variables: Any, want: int) -> Heard:
    """Follow over server-sent events until so many have come and it is quiet, or it ends."""
    heard, gone, news = Heard(), asyncio.Event(), asyncio.Event()
    incoming = [orjson.dumps({"query": document, "variables": variables})]

    async def receive() -> Any:
        if incoming:
            return {"type": "http.request", "body": incoming.pop(), "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            heard.status = message["status"]
            return
        _take(heard, message.get("body", b""))
        news.set()

    headers = [(b"content-type", b"application/json"), (b"accept", b"text/event-stream")]
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers,
             "client": ("127.0.0.1", 1)}  # fmt: skip
    following = asyncio.ensure_future(site(scope, receive, send))
    await _until(lambda: following.done() or heard.completed or len(heard.events) >= want, news)
    if not following.done() and not heard.completed:
        await asyncio.sleep(QUIET_S)
    gone.set()
    await following
    return heard


async def _until(done: Callable[[], bool], news: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not done():
            news.clear()
            waiting = asyncio.ensure_future(news.wait())
            await asyncio.wait({waiting}, timeout=0.01)
            waiting.cancel()


def _take(heard: Heard, chunk: bytes) -> None:
    heard.body += chunk
    for part in chunk.split(b"\n\n"):
        if part.startswith(b"event: next\ndata: "):
            heard.events.append(orjson.loads(part.partition(b"data: ")[2]))
        heard.completed |= part.startswith(b"event: complete")


@dataclass(frozen=True)
class Feed:
    """A subscription."""

    name: str
    field: GraphQLField

    @property
    def about(self) -> str | None:
        """The argument that names what is followed, if it has to be said."""
        return next((name for name, said in self.field.args.items() if str(said.type) == "ID!"), None)

    @property
    def type(self) -> str:
        """Of what objects it tells."""
        if is_node(self.item):
            return str(self.item.name)
        inner = (get_named_type(one.type) for one in self.item.fields.values())
        return str(next((type_.name for type_ in inner if is_node(type_)), "Card"))

    @property
    def item(self) -> GraphQLObjectType:
        """What each event is."""
        named = get_named_type(self.field.type)
        assert isinstance(named, GraphQLObjectType)
        return named

    @property
    def replays(self) -> bool:
        """Whether it tells what was missed."""
        return "after" in self.field.args

    def document(self, *names: str) -> str:
        """The subscription with arguments."""
        declared = " ".join(f"${name}: {self.field.args[name].type}" for name in names)
        used = ", ".join(f"{name}: ${name}" for name in names)
        inner = " ".join(
            f"{key} {{ __typename id }}" if is_node(get_named_type(one.type)) else key
            for key, one in self.item.fields.items()
            if is_node(get_named_type(one.type)) or key in ("position", "id", "token", "to", "status")
        )
        return f"subscription ({declared}) {{ {self.name}({used}) {{ {inner} }} }}"


@pytest.fixture(scope="session")
def feeds(schema: GraphQLSchema) -> list[Feed]:
    """Every subscription."""
    assert schema.subscription_type is not None
    return [Feed(name, found) for name, found in schema.subscription_type.fields.items()]


def follow(
    story: Story, one: Principal, feed: Feed, variables: dict[str, Any], want: int = TO_THE_END
) -> Heard:
    """Follow as somebody."""
    document = feed.document(*variables)
    return story.demo.apart.run(listened(story.demo.site, one.token, document, variables, want))


def may(one: Principal, feed: Feed) -> bool:
    """Whether the declaration lets the principal follow."""
    permission = audience_of(feed.field).permission
    return permission is None or permission in one.permissions


def said(feed: Feed, text: str) -> dict[str, str]:
    """The arguments about an object, from the beginning of time."""
    named = {feed.about: text} if feed.about else {}
    return named | ({"after": "0"} if feed.replays else {})


def test_who_may_not_follow_is_told_so(story: Story, things: Things, feeds: list[Feed]) -> None:
    wrong = []
    for one in story.principals:
        for feed in (feed for feed in feeds if not may(one, feed)):
            heard = follow(story, one, feed, said(feed, things.sample(feed.type)[0].text))
            if heard.refusals != [([feed.name], one.code_of_denial)] or len(heard.events) > 1:
                wrong.append((one.name, feed.name, heard))
    assert wrong == []


def test_what_is_foreign_is_silent_as_if_it_had_never_been(
    story: Story, things: Things, feeds: list[Feed]
) -> None:
    wrong, count = [], 0
    for feed in (feed for feed in feeds if feed.about):
        for one in (one for one in story.principals if may(one, feed)):
            foreign = [thing for thing in things.sample(feed.type) if not sees(one, thing)]
            for thing in {relation(one, thing): thing for thing in foreign}.values():
                heard = follow(story, one, feed, said(feed, thing.text))
                unknown = follow(story, one, feed, said(feed, unknown_like(thing).text))
                if heard.body != unknown.body or heard.events or not heard.completed:
                    wrong.append((one.name, feed.name, thing, heard))
                count += 1
    assert wrong == []
    assert count > 40


def test_the_channel_of_another_is_silent(story: Story, things: Things, feeds: list[Feed]) -> None:
    wrong = []
    for feed in (feed for feed in feeds if "channel" in feed.field.args):
        for one in (one for one in story.principals if may(one, feed)):
            for channel in (thing for thing in things.sample("Channel") if not concerns(one, thing)):
                heard = follow(story, one, feed, {"channel": channel.name, "after": "0"})
                if heard.events or not heard.completed:
                    wrong.append((one.name, feed.name, channel.name, heard))
    assert wrong == []


def test_ones_own_is_told_whole_and_nothing_else(story: Story, things: Things, feeds: list[Feed]) -> None:
    wrong = []
    for one in story.principals:
        for feed in (feed for feed in feeds if may(one, feed)):
            for thing in own(one, feed, things):
                told = recorded(story, one, feed, thing)
                heard = follow(story, one, feed, said(feed, thing.text if thing else ""), len(told))
                places = [event["data"][feed.name].get("position") for event in heard.events]
                if (feed.replays and places != told) or (told and not heard.events):
                    wrong.append((one.name, feed.name, thing, told, places))
                foreign = [text for text in named(heard.events) if not sees(one, things.by_text[text])]
                if foreign:
                    wrong.append((one.name, feed.name, thing, foreign, places))
    assert wrong == []


def own(one: Principal, feed: Feed, things: Things) -> list[Thing | None]:
    """What of its own somebody follows; None for a feed of everything."""
    if feed.about is None:
        return [None]
    found = [thing for thing in things.sample(feed.type) if sees(one, thing)]
    return [*found[:2], *found[-1:]]


def recorded(story: Story, one: Principal, feed: Feed, thing: Thing | None) -> list[str]:
    """The positions that a feed has to tell, from the log of events; of feeds without a past, one event."""
    if not feed.replays:
        row = None if thing is None else story.demo.rows("SELECT state FROM card WHERE id = $1", thing.id)
        usable = not row or row[0]["state"] in ("DELIVERED", "REVEALED", "ACTIVATED")
        return ["now"] if usable else []
    if feed.name == "accountChanged":
        changed = "SELECT position FROM event WHERE kind = 'account.changed' AND aggregate_id = $1"
        rows = story.demo.rows(f"{changed} ORDER BY position", one.path[-1])
    elif thing is not None:
        rows = story.demo.rows(
            "SELECT position FROM event WHERE aggregate_id = $1"
            " AND kind IN ('order.changed', 'refund.changed') ORDER BY position",
            thing.id,
        )
    else:
        mine = "customer_id = $1" if one.kind == "CUSTOMER" else "$1 = ANY (channel_path)"
        whose = one.subject if one.kind == "CUSTOMER" else one.path[-1]
        rows = story.demo.rows(
            f"SELECT position FROM event WHERE kind = 'card.status' AND {mine} ORDER BY position", whose
        )
    return [str(row["position"]) for row in rows]


def named(events: list[Any]) -> set[str]:
    """The ids of all objects in events."""
    found, waiting = set(), [event["data"] for event in events]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
            if "__typename" in value:
                found.add(value["id"])
    return found
