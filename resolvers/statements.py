"""Verbs of statements: what came and went on an account, and the same as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from domain.access.permissions import ACCOUNT_READ
from domain.ledger.accounts import AccountKind
from domain.ledger.statements.period import Period
from domain.ledger.statements.ports import StatementWanted
from domain.ledger.statements.views import StatementEntryView, StatementFormat, StatementView
from domain.paging import PageRequest
from domain.selected import ALL, Selected
from schema.context import Context
from schema.levels import level
from schema.nouns import shown
from schema.paging import After, Before, First, Last
from schema.statements import Statement, StatementEntry
from schema.verbs import query


@query(requires=ACCOUNT_READ)
async def statement(
    context: Context,
    period: Annotated[
        str | None,
        strawberry.argument(description="A year, month or day: `2026-11`, say; this month if left out."),
    ] = None,
    channel: Annotated[
        str | None, strawberry.argument(description="The code of a channel; your own if left out.")
    ] = None,
    account: Annotated[
        AccountKind, strawberry.argument(description="Which of its accounts.")
    ] = AccountKind.DEPOSIT,
    currency: Annotated[str, strawberry.argument(description="The ISO 4217 code.")] = "CNY",
) -> Statement | None:
    """What came and went in a period; null for a channel that is neither yours nor below yours."""
    wanted = StatementWanted(None if period is None else Period.of(period), channel, account, currency)
    return shown(Statement, await context.reads.statements.statement(context.caller, wanted))


@level(Statement)
async def channel(
    statements: Sequence[StatementView], context: Context, selected: Selected = ALL
) -> list[Any]:
    """Whose it is."""
    ids = [one.channel_id for one in statements]
    return list(await context.reads.channels.by_ids(context.caller, ids, selected))


@level(Statement)
async def entries(
    statements: Sequence[StatementView],
    context: Context,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Any]:
    """A page of each one's entries."""
    request = PageRequest.of(first, after, last, before, "statement-entries")
    return list(await context.reads.statements.entries_of(statements, request))


@level(Statement)
async def download(
    statements: Sequence[StatementView],
    context: Context,
    format: Annotated[StatementFormat, strawberry.argument(description="How it is written.")],
) -> list[Any]:
    """A link to each."""
    return list(context.reads.statements.links_to(statements, format))


@level(StatementEntry)
async def order(
    entries: Sequence[StatementEntryView], context: Context, selected: Selected = ALL
) -> list[Any]:
    """The order that an entry is about."""
    ids = list({one.order_id for one in entries if one.order_id is not None})
    found = await context.reads.orders.by_ids(context.caller, ids, selected) if ids else {}
    return [None if one.order_id is None else found.get(one.order_id) for one in entries]
