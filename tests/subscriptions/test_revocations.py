"""Whoever waits for the end of a token hears of it once, however late it begins to wait."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from uuid import UUID

from domain.access.callers import Caller
from domain.access.events import TokenRevoked
from domain.channels.events import SUSPENDED, ChannelChanged
from domain.ids import new_id
from schema.revocations import REMEMBERED, Revocations
from tests.subscriptions.machine import Machine
from tests.subscriptions.ticking import agent, until


def ended(token: UUID | None) -> TokenRevoked:
    assert token is not None
    return TokenRevoked(aggregate_id=token)


def turned(change: str, channel: UUID) -> ChannelChanged:
    return ChannelChanged(aggregate_id=channel, change=change, code="sh")


def caller() -> Caller:
    return agent(channel_path=(new_id(), new_id()))


async def test_only_whose_token_or_channel_it_is_hears_of_it(machine: Machine) -> None:
    await machine.feed.current()
    revocations, heard = Revocations(machine.feed), list[str]()
    revoked, shop, resumed, beside, gone = (caller() for _ in range(5))
    for name, one in {"revoked": revoked, "shop": shop, "resumed": resumed, "beside": beside}.items():
        revocations.watch(one, machine.feed.heard, partial(heard.append, name))
    stop = revocations.watch(gone, machine.feed.heard, lambda: heard.append("gone"))
    stop()
    await machine.commit(
        ended(gone.token_id),
        turned("resumed", resumed.channel_path[0]),
        ended(revoked.token_id),
        turned(SUSPENDED, shop.channel_path[0]),
    )
    await until(lambda: machine.feed.heard == 4)
    assert heard == ["revoked", "shop"]


async def test_what_was_revoked_before_somebody_began_to_wait_is_told(machine: Machine) -> None:
    position = await machine.feed.current()
    revocations, heard = Revocations(machine.feed), list[str]()
    one = caller()
    await machine.commit(ended(one.token_id))
    await until(lambda: machine.feed.heard == position + 1)
    revocations.watch(one, position, lambda: heard.append("late"))
    revocations.watch(one, position + 1, lambda: heard.append("knew it"))
    revocations.watch(replace(one, token_id=new_id()), position, lambda: heard.append("another"))
    await until(lambda: bool(heard))
    assert heard == ["late"]
    await machine.commit(*(ended(new_id()) for _ in range(REMEMBERED)))
    await until(lambda: machine.feed.heard == position + 1 + REMEMBERED)
    # More was revoked since than is remembered: the log knows it.
    revocations.watch(caller(), position, lambda: heard.append("nobody's"))
    revocations.watch(one, position, lambda: heard.append("from the log"))
    await until(lambda: len(heard) == 2)
    assert heard == ["late", "from the log"]
