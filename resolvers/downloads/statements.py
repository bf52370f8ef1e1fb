"""Serving statements as files: GET with a ticket, no session; the client's pace is the server's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import orjson

from domain.ledger.statements.views import StatementFormat
from resolvers.downloads import delimited, workbook
from resolvers.downloads.table import Row, rows_of

if TYPE_CHECKING:
    from domain.ledger.statements.ports import StatementFile, StatementReads
    from schema.engine.asgi import Receive, Scope, Send

PATH = "/downloads/statements/"

Writer = Callable[[AsyncIterator[Sequence[Row]]], AsyncIterator[bytes]]
_WRITERS: dict[StatementFormat, tuple[str, Writer]] = {
    StatementFormat.CSV: (delimited.CONTENT_TYPE, delimited.written),
    StatementFormat.XLSX: (workbook.CONTENT_TYPE, workbook.written),
}


class StatementFiles:
    """An ASGI application below PATH."""

    def __init__(self, statements: StatementReads) -> None:
        self._statements = statements

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the file of a ticket; 404 for what we did not sign, and for what has expired."""
        if scope["method"] != "GET":
            await _refuse(send, 405, "METHOD_NOT_ALLOWED", "Files are fetched with GET.", (b"allow", b"GET"))
            return
        file = await self._statements.fetch(scope["path"].removeprefix(PATH))
        if file is None:
            message = "This link is not valid any more; ask for a new one."
            await _refuse(send, 404, "NOT_FOUND", message)
            return
        await _send(file, receive, send)


async def _send(file: StatementFile, receive: Receive, send: Send) -> None:
    content_type, writer = _WRITERS[file.format]
    statement = file.statement
    name = f"statement-{statement.channel_code}-{statement.period.text}.{file.format.value.lower()}"
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-disposition", f'attachment; filename="{name}"'.encode()),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
    ]
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with aclosing(writer(rows_of(file))) as parts:  # type: ignore[type-var]
            async for part in parts:
                if gone.done():
                    return
                if part:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, status: int, code: str, message: str, *headers: tuple[bytes, bytes]) -> None:
    body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})
    said = [(b"content-type", b"application/json; charset=utf-8"), (b"cache-control", b"no-store"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": body})
