"""The subscriptions of one process, over all transports: whoever is shown the same is served together."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from schema.engine.refused import RequestRefused
from schema.following import Following
from subscriptions.group import Group, Member
from subscriptions.meters import DELIVERED, ENCODED, OPEN
from subscriptions.payloads import Outlet, Payload
from subscriptions.sharing import Sharing
from subscriptions.telling import Telling

if TYPE_CHECKING:
    from schema.engine.engine import Engine
    from schema.engine.execution import PreparedOperation
    from schema.engine.gateway import Context


class Groups:
    """Runs subscriptions: a feed that can be shared for its group, any other source for its subscriber."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sharing = Sharing()
        self._groups: dict[object, Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    async def open(self, prepared: PreparedOperation, context: Context) -> AsyncIterable[Any]:
        """The source of a subscription, for `run`; RequestRefused when it cannot start."""
        return await self._engine.open(prepared, context)

    async def run(
        self, prepared: PreparedOperation, context: Context, source: AsyncIterable[Any], outlet: Outlet
    ) -> None:
        """Give an outlet the events of a source until there are no more, or the task is cancelled.

        RequestRefused is the subscription's last word: its source failed, or its client reads too slowly.
        """
        OPEN.inc()
        try:
            if isinstance(source, Following):
                await self._follow(Telling(self._engine, prepared, source), prepared, outlet)
            else:
                await self._alone(prepared, context, source, outlet)
        finally:
            OPEN.dec()

    async def _alone(
        self, prepared: PreparedOperation, context: Context, source: AsyncIterable[Any], outlet: Outlet
    ) -> None:
        async with aclosing(self._engine.answers(prepared, context, source)) as answers:
            async for answer in answers:
                if not answer.has_data:
                    raise RequestRefused(500, answer.errors)
                ENCODED.inc()
                await outlet.put(Payload(answer.body))
                DELIVERED.inc()

    async def _follow(self, telling: Telling, prepared: PreparedOperation, outlet: Outlet) -> None:
        following = telling.following
        began_at = await following.context.feed.current()
        if following.first is not None:
            await outlet.put(await telling.payload(following.first))
            DELIVERED.inc()
        if following.over:
            return
        key = self._sharing.key(prepared, following)
        member = Member(outlet, telling, began_at if following.after is None else following.after)
        last_word = await self._in_group(key, member)
        if last_word is not None:
            raise last_word

    async def _in_group(self, key: object, member: Member) -> RequestRefused | None:
        while True:
            group = self._groups.get(key)
            if group is None:
                group = self._new(key, member)
            try:
                await group.admit(member)
                if not member.lost:
                    return await member.done
            finally:
                group.leave(member)
            member.begin_again()

    def _new(self, key: object, member: Member) -> Group:
        def forget(group: Group) -> None:
            if self._groups.get(key) is group:
                del self._groups[key]

        group = self._groups[key] = Group(member.telling.anew(), forget)
        return group
