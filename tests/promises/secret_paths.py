"""Every way that a secret goes, also those that fail: each step sends secrets and says which it sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from persistence.embedded import RunningDatabase
from tests.cards.intake import csv_of
from tests.promises.canaries import found, places
from tests.promises.documents import FOLLOW, PAY, PLACE, REDEEM, REFUSAL, SIGN_IN
from tests.promises.misspoken import TRACE
from tests.promises.trade import OWNER, PASSWORD, SHOP, Trade
from tests.promises.witness import Witness
from tests.server_process import ServerProcess

PHONE = "13800138000"
FILMS = "https://films.example/"


def does(name: str, shows: str = "__typename") -> str:
    """A document with one field that takes `input`."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    return f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {shows} {REFUSAL} }} }}"


REVEAL = does("revealCard", "... on RevealedCard { number secret link }")
CODE = does("requestSignInCode")
CUSTOMER = does("signInCustomer", "... on CustomerSession { accessToken }")
TOKEN = does("createToken", "... on CreatedToken { id token }")
PORTAL = does("rotatePortalKey", "... on PortalKey { key }")
IMPORT = does("importCards", "... on CardImport { id status }")
MINT = does("mintCards", "... on CardImport { id }")
QUOTE = "query ($input: QuoteInput!) { quote(input: $input) { token problems { code message } } }"
CREATE_AGENT, CHANGE_PASSWORD, REVOKE = map(does, ("createAgent", "changePassword", "revokeToken"))
FREEZE, SETTLE = does("freezeCard"), does("settleRedemption")
UNFREEZE = "mutation ($input: FreezeCardInput!) { unfreezeCard(input: $input) { __typename } }"
BEGIN = does("beginRedemption", "... on Redemption { id }").replace("BeginRedemptionInput", "RedeemCardInput")


@dataclass
class Story:
    """The trade with its server, and every secret that comes up, by name."""

    trade: Trade
    cluster: RunningDatabase
    server: ServerProcess
    valkey: str
    witness: Witness
    secrets: dict[str, str] = field(default_factory=dict)
    owner: str = ""

    def secret(self, name: str, prefix: str = "K") -> str:
        """A new secret, told from all others."""
        return self.keep(name, f"{prefix}{uuid4().hex[:22].upper()}")

    def keep(self, name: str, secret: str) -> str:
        """Look for this secret too."""
        assert secret, name
        self.secrets[f"{name} {len(self.secrets)}"] = secret.removeprefix(FILMS)
        return secret

    async def leaks(self, secrets: dict[str, str] | None = None) -> list[tuple[str, str]]:
        """Which secret can be read where."""
        kept = await places(self.trade, self.cluster, self.server, self.valkey, self.witness.answers)
        return found(self.secrets if secrets is None else secrets, kept)

    @asynccontextmanager
    async def without(self, table: str) -> AsyncIterator[None]:
        """A fault: a table is away."""
        await self.trade.owner.execute(f"ALTER TABLE {table} RENAME TO away")
        try:
            yield
        finally:
            await self.trade.owner.execute(f"ALTER TABLE away RENAME TO {table}")


async def people(story: Story) -> None:
    """Passwords, right and wrong and new; tokens and portal keys, made and revoked."""
    ask = story.witness.ask
    password, other = story.keep("password", PASSWORD), story.secret("new password", "pw ")
    for wrong in (story.secret("wrong password"), ""):
        await ask(SIGN_IN, None, input={"email": OWNER, "password": wrong})
    session = await ask(SIGN_IN, None, gives=True, input={"email": OWNER, "password": password})
    story.owner = story.keep("session", session["accessToken"])
    agent: dict[str, Any] = {"email": "new@hq.example", "name": "新人", "channel": "hq", "roles": ["SALES"]}
    for said in (agent, agent, agent | {"channel": "nowhere"}, agent | {"roles": ["NOBODY"]}):
        await ask(CREATE_AGENT, story.owner, input=said | {"password": story.secret("agent's password")})
    for said in ({"currentPassword": other, "newPassword": other}, {"currentPassword": other}):
        await ask(CHANGE_PASSWORD, story.owner, input=said)
    new = {"currentPassword": password, "newPassword": other}
    await ask(CHANGE_PASSWORD, story.owner, input=new)
    wanted = {"kind": "API_CLIENT", "channel": SHOP, "scopes": ["orders:place"], "name": "x"}
    made = await ask(TOKEN, story.owner, gives=True, input=wanted)
    story.keep("token", made["token"])
    await ask(REVOKE, story.owner, input={"id": made["id"]})
    await ask("{ viewer { kind } }", made["token"])
    story.trade.portal_key = story.keep(
        "portal key", (await ask(PORTAL, story.owner, gives=True, input={"channel": SHOP}))["key"]
    )


async def stock(story: Story) -> dict[str, list[str]]:
    """Files with good rows, bad rows and repeated rows of each kind, tried, imported and sent again."""
    trade = story.trade
    for sku, kind in (
        ("KEY", "CARD_KEY"),
        ("PAIR", "CARD_NUMBER_KEY"),
        ("FILM", "LINK"),
        ("MADE", "CARD_KEY"),
    ):
        await trade.add_product(sku, kind)
    keys, numbers = [[story.secret("key", prefix) for _ in range(4)] for prefix in ("K", "N")]
    links = [story.secret("link", FILMS) for _ in range(3)]
    bad = [story.secret("bad row", "坏 ") for _ in range(3)]
    pairs = [f"{number},{story.secret('key of a number')}" for number in numbers]
    files = {
        "KEY": csv_of([[one] for one in [*keys, keys[0], *bad]]),
        "PAIR": "\n".join(["卡号,卡密", *pairs, pairs[0], f"{numbers[0]},{bad[0]}", f",{bad[1]}", bad[2]]),
        "FILM": "\n".join(["链接", *links, links[0], f"http://films.example/{bad[0]}", bad[1]]),
    }
    for sku, content in files.items():
        for more in ({"dryRun": True}, {}, {}, {"columns": {"secret": "密码"}}):
            said: dict[str, Any] = {"sku": sku, "idempotencyKey": uuid4().hex, **more}
            await story.witness.upload(IMPORT, story.owner, content, **said)
            await done(trade)
    same = {"sku": "KEY", "idempotencyKey": "twice"}
    broken = [csv_of([[f'"{keys[1]}']]), f"{keys[2]}\0", "", f"\xff\xfe{keys[3]}", f"PK\x03\x04{keys[3]}"]
    for content in (csv_of([[keys[1]]]), csv_of([[keys[2]]]), *broken):
        await story.witness.upload(IMPORT, story.owner, content, **same)
        own = same | {"idempotencyKey": uuid4().hex}
        await story.witness.upload(IMPORT, story.owner, content, **own)
        await story.witness.upload(IMPORT, story.owner, content, f"{bad[1]}.csv", **own, wrong=bad[2])
    await story.witness.ask(
        MINT, story.owner, input={"sku": "MADE", "quantity": 5, "idempotencyKey": uuid4().hex}
    )
    await done(trade)
    assert {sku: await trade.available(sku) for sku in (*files, "MADE")} == {
        "KEY": 4, "PAIR": 4, "FILM": 3, "MADE": 5
    }  # fmt: skip
    return {"KEY": keys, "PAIR": numbers, "FILM": links}


async def done(trade: Trade) -> None:
    """Wait for the worker."""
    async with asyncio.timeout(30):
        while await trade.value(
            "SELECT EXISTS (SELECT FROM card_batch WHERE status IN ('QUEUED', 'RUNNING'))"
        ):
            await asyncio.sleep(0.05)


async def customers(story: Story) -> str:
    """One-time codes and the portal's word, right, wrong and spent."""
    ask, trade = story.witness.ask, story.trade
    phone = {"method": "PHONE_CODE", "identifier": PHONE}
    await ask(CODE, trade.front, input={"identifier": PHONE})
    letters = trade.data / "messages.jsonl"
    async with asyncio.timeout(30):
        while not letters.exists() or not letters.read_text():
            await asyncio.sleep(0.05)
    code = story.keep("one-time code", json.loads(letters.read_text().splitlines()[-1])["code"])
    await ask(CUSTOMER, trade.front, input=phone | {"proof": story.secret("wrong code")})
    await ask(CUSTOMER, trade.front, input={"method": "PHONE_CODE", "identifier": code, "proof": code})
    session = await ask(CUSTOMER, trade.front, gives=True, input=phone | {"proof": code})
    await ask(CUSTOMER, trade.front, input=phone | {"proof": code})
    proof = story.keep("portal's word", trade.proof("emp-1").rpartition(".")[2])
    for subject in ("emp-2", "emp-1", "emp-3"):
        said = {"method": "PORTAL_TOKEN", "identifier": subject, "proof": trade.proof("emp-1")}
        other = await ask(CUSTOMER, trade.front, gives=True, input=said)
        await ask(CUSTOMER, trade.front, input=said | {"proof": f"{said['proof'][:-6]}{proof[:6]}"})
        await ask(CUSTOMER, trade.front, input=said)
        if subject == "emp-1":
            story.keep("portal session", other["accessToken"])
    return story.keep("customer's session", session["accessToken"])


async def buying(story: Story, buyer: str, codes: dict[str, list[str]]) -> dict[str, str]:
    """Quote, place, pay, look, each once too often, under keys that are secrets too; card id → its secret."""
    ask, trade, (code, *_) = story.witness.ask, story.trade, codes["KEY"]
    lines = [{"sku": sku, "quantity": 2} for sku in (*codes, "MADE")]
    quote = await ask(QUOTE, buyer, gives=True, input={"lines": lines})
    said = {"lines": lines, "quoteToken": quote["token"], "idempotencyKey": code}
    order = await ask(PLACE, buyer, input=said)
    await ask(PLACE, buyer, input=said | {"lines": lines[:1]})
    for key in (f"pay {code}", f"pay {code}", "again"):
        said = {"orderId": order["id"], "method": "SANDBOX", "idempotencyKey": key}
        await ask(PAY, buyer, input=said)
    cards: dict[str, str] = {}
    document = "query ($id: ID!) { order(id: $id) { lines { sku cards { id masked status } } } }"
    for line in (await ask(document, buyer, id=order["id"]))["lines"]:
        for card in line["cards"]:
            said = {"cardId": card["id"], "idempotencyKey": f"look-{card['id']}" if cards else code}
            shown = await ask(REVEAL, buyer, gives=True, input=said)
            assert await ask(REVEAL, buyer, gives=True, input=said) == shown
            await ask(REVEAL, buyer, input=said | {"idempotencyKey": "once more"})
            await ask(REVEAL, trade.front, input=said)
            cards[card["id"]] = story.keep(f"revealed {line['sku']}", shown["secret"] or shown["link"])
            if shown["number"]:
                assert shown["number"] in codes["PAIR"]
    assert len(cards) == 8
    return cards


async def using(story: Story, buyer: str, cards: dict[str, str]) -> None:
    """Redeem, trace and freeze, by whom may and who may not, with what is right and what is not."""
    ask, trade = story.witness.ask, story.trade
    first, second, *_ = cards
    async with story.witness.socket() as say:
        await say({"type": "connection_init", "payload": {"token": story.owner}})
        payload = {"query": FOLLOW, "variables": {"after": "0"}}
        await say({"type": "subscribe", "id": "1", "payload": payload}, hear=0)
        for key, secret in (
            (cards[first], cards[first]),
            (cards[first], cards[first]),
            (cards[first], cards[second]),
            ("b", cards[first]),
        ):
            await ask(REDEEM, trade.redeemer, input={"secret": secret, "idempotencyKey": key})
        await say({"type": "ping"}, hear=2)
    for secret in (story.secret("never issued"), story.secret("never issued", FILMS)):
        for said in (
            {"secret": secret},
            {"number": secret},
            {"presentation": secret},
            {"secret": secret, "sku": "KEY"},
        ):
            await ask(REDEEM, trade.redeemer, input=said | {"idempotencyKey": uuid4().hex})
            await ask(REDEEM, buyer, input=said | {"idempotencyKey": uuid4().hex})
        await ask(TRACE, story.owner, secret=secret)
    begun = await ask(
        BEGIN, trade.redeemer, input={"secret": cards[second], "idempotencyKey": "c"},
    )  # fmt: skip
    for outcome in ("FAILED", "SUCCEEDED"):
        await ask(SETTLE, trade.redeemer, input={"redemptionId": begun["id"], "outcome": outcome})
    for secret in cards.values():
        await ask(TRACE, story.owner, secret=secret)
        await ask(TRACE, trade.redeemer, secret=secret)
    for document in (FREEZE, FREEZE, UNFREEZE, UNFREEZE):
        await ask(document, story.owner, input={"cardId": second, "reason": "asked"})


async def faults(story: Story, buyer: str, cards: dict[str, str]) -> None:
    """The same while tables are away, connections are cut, and a card cannot be opened."""
    ask, trade = story.witness.ask, story.trade
    *_, last = cards
    key = {"idempotencyKey": "fault"}
    tries: Iterable[tuple[str, str, str | None, Any]] = (
        ("redemption", REDEEM, trade.redeemer, {"input": {"secret": cards[last], **key}}),
        ("card", REDEEM, trade.redeemer, {"input": {"number": cards[last], **key}}),
        ("card_event", TRACE, story.owner, {"secret": cards[last]}),
        ("reveal", REVEAL, buyer, {"input": {"cardId": last, **key}}),
        ("token", "{ viewer { kind } }", story.owner, {}),
        ("agent", SIGN_IN, None, {"input": {"email": OWNER, "password": PASSWORD}}),
        ("portal_key", CUSTOMER, trade.front,
         {"input": {"method": "PORTAL_TOKEN", "identifier": "e", "proof": trade.proof("e")}}),
        ("sign_in_code", CUSTOMER, trade.front,
         {"input": {"method": "PHONE_CODE", "identifier": PHONE, "proof": story.secret("code at a fault")}}),
        ("outbox", TOKEN, story.owner,
         {"input": {"kind": "STOREFRONT", "channel": SHOP, "name": "lost"}}),
    )  # fmt: skip
    for table, document, token, variables in tries:
        async with story.without(table):
            await ask(document, token, **variables)
    content = csv_of([[story.secret("imported at a fault")] for _ in range(3)])
    for table in ("upload_chunk", "card_batch", "data_key"):
        async with story.without(table):
            await story.witness.upload(IMPORT, story.owner, content, sku="KEY", idempotencyKey=f"no {table}")
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'quanyi'"
    await trade.rows(f"{cut} AND datname = current_database()")
    for _ in range(3):
        await ask(
            REDEEM, trade.redeemer, input={"secret": cards[last], "sku": "NONE", "idempotencyKey": "cut"}
        )
    kept = await trade.rows("SELECT id, secret_ciphertext FROM card")
    await trade.owner.execute(
        "UPDATE card SET secret_ciphertext = overlay(secret_ciphertext PLACING 'x' FROM 20)"
    )
    await ask(REVEAL, buyer, input={"cardId": last, "idempotencyKey": f"look-{last}"})
    await trade.owner.executemany("UPDATE card SET secret_ciphertext = $2 WHERE id = $1", kept)
