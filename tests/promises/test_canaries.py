"""Secrets go every way there is, also those that fail, and can be read nowhere afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from persistence.embedded import RunningDatabase
from tests.promises.canaries import TOLD
from tests.promises.invariants import assert_sound
from tests.promises.misspoken import misspeak
from tests.promises.secret_paths import Story, buying, customers, faults, people, stock, using
from tests.promises.trade import Trade
from tests.promises.witness import Witness


@pytest.fixture
async def story(trade: Trade, cluster: RunningDatabase, valkey: str, tmp_path: Path) -> AsyncIterator[Story]:
    name = await trade.value("SELECT current_database()")
    for statement in TOLD.format(name=name).split(";"):
        await trade.owner.execute(statement)
    more = {"REDIS_URL": valkey, "QUANYI_LOG_LEVEL": "DEBUG", "QUANYI_REDEMPTION_ANSWER_MS": "0",
            "QUANYI_REDEMPTION_FREE_TRIES": "1000"}  # fmt: skip
    async with (
        trade.serving(tmp_path, 1, 1, **more) as (server,),
        httpx2.AsyncClient(timeout=60, trust_env=False) as http,
    ):
        yield Story(trade, cluster, server, valkey, Witness(server, http))


async def test_no_secret_can_be_read_anywhere(story: Story) -> None:
    trade = story.trade
    for name in ("front", "shop", "redeemer", "portal_key"):
        story.keep(name, getattr(trade, name))
    await people(story)
    codes = await stock(story)
    buyer = await customers(story)
    cards = await buying(story, buyer, codes)
    await using(story, buyer, cards)
    await faults(story, buyer, cards)
    await misspeak(story.witness, trade.redeemer, story.secret("misspoken card"))
    await misspeak(story.witness, story.owner, story.secret("misspoken token", "qs_sk_"))
    assert {"INTERNAL", "BAD_USER_INPUT", "CARD_NOT_REDEEMABLE", "SIGN_IN_FAILED", "UNAUTHENTICATED",
            "IDEMPOTENCY_CONFLICT", "GRAPHQL_PARSE_FAILED"} <= story.witness.codes  # fmt: skip
    await assert_sound(trade.owner)
    assert len(story.secrets) > 40
    assert await story.leaks() == []
    await planted(story)


async def planted(story: Story) -> None:
    """Where a secret does lie in the open, the search finds it: in each place, and in other forms."""
    secret = {"planted": f"P{uuid4().hex.upper()}"}
    text = secret["planted"]
    assert await story.leaks(secret) == []
    # As TOLD has it for the server, whose connections are newer than this one.
    for setting in (
        "log_statement = 'all'",
        "log_parameter_max_length = -1",
        "log_error_verbosity = 'default'",
    ):
        await story.trade.owner.execute(f"SET {setting}")
    await story.trade.owner.execute("UPDATE category SET name = $1", text.lower())
    with (story.server.place / "server.err").open("a") as log:
        log.write(json.dumps({"event": "redeemed", "frames": [f"secret={text[:20]}"]}))
    with (story.server.place / "server.out").open("a") as out:
        out.write(text.encode().hex())
    (story.trade.data / "upload.part").write_text(f"K1\n{text}\n")
    story.witness.answers.append(text)
    where = {place for _, place in await story.leaks(secret)}
    assert where == {"dump", "PostgreSQL's log", "our log", "standard output", "files", "answers"}
