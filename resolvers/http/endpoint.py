"""The HTTP side of /graphql: reads a request, asks the engine, and answers as GraphQL over HTTP says."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import parse_qsl

from domain.refusals import Unauthenticated
from resolvers.http.exchange import Disconnected, Exchange
from resolvers.http.explorer import Explorer
from resolvers.http.files import NewVeil, Uploads
from resolvers.http.media import content_type
from resolvers.http.multipart import MultipartReader
from resolvers.http.settings import HttpLimits
from schema.engine.accept import EVENT_STREAM, GRAPHQL_JSON, HTML, JSON, choose, names
from schema.engine.answers import failed
from schema.engine.asgi import Receive, Scope, Send, address_of
from schema.engine.codec import JsonCodec
from schema.engine.engine import Engine
from schema.engine.execution import PreparedOperation
from schema.engine.gateway import (
    Context,
    Gateway,
    close_context,
    open_context,
    request_id_of,
    unauthenticated,
)
from schema.engine.refused import STATUS_OF_CODE, RequestRefused, refusal
from schema.engine.requests import GraphQLRequest, parse_json, read_request
from schema.engine.streams import COMPLETE, StreamWriter, next_event

_METHODS = "GET, POST, OPTIONS"


class HttpEndpoint:
    """An ASGI application for requests of type `http`; `new_veil` hides large uploads while they lie on disk.

    `stream` answers clients that want text/event-stream; without it there is none. `explorer` is the page for
    browsers, None to serve none; its files lie below the endpoint's own path, so route `/graphql/explorer/`
    here.
    """

    def __init__(
        self,
        engine: Engine,
        gateway: Gateway,
        new_veil: NewVeil,
        *,
        limits: HttpLimits | None = None,
        stream: StreamWriter | None = None,
        explorer: Explorer | None = None,
    ) -> None:
        self._engine = engine
        self._gateway = gateway
        self._new_veil = new_veil
        self._limits = limits or HttpLimits()
        self._stream = stream
        self._explorer = explorer
        self._offers = (JSON, GRAPHQL_JSON, *((EVENT_STREAM,) if stream else ()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens, the answer is a GraphQL response."""
        exchange = Exchange(scope, receive, send)
        uploads = Uploads(self._limits.max_files, self._limits.spool_bytes, self._new_veil)
        try:
            await self._answer(exchange, uploads)
        except RequestRefused as refused:
            await self._refuse(exchange, refused)
        except Unauthenticated as error:
            await self._refuse(exchange, unauthenticated(error))
        except (Disconnected, OSError):
            return
        except Exception as error:
            masked = self._engine.errors.mask(error)
            status = STATUS_OF_CODE.get(masked["extensions"]["code"], 400)
            await self._refuse(exchange, RequestRefused(status, [masked]))
        finally:
            uploads.close()

    async def _answer(self, exchange: Exchange, uploads: Uploads) -> None:
        if exchange.method == "OPTIONS":
            await exchange.respond(204, JSON, b"", {"allow": _METHODS})
            return
        if exchange.method not in ("GET", "POST"):
            message = f"{exchange.method} is not served here: use POST, or GET for queries."
            raise refusal("METHOD_NOT_ALLOWED", message, status=405, headers={"allow": _METHODS})
        if self._explorer is not None and exchange.method == "GET":
            offers = (*self._offers, HTML)
            if await self._explorer.serve(exchange, choose(exchange.headers.get("accept"), offers) == HTML):
                return
        media = self._media(exchange)
        request = await self._read(exchange, uploads)
        context = await open_context(self._gateway, exchange.headers, None, address_of(exchange.scope))
        try:
            prepared = await self._engine.admit(request, context)
            await self._run(exchange, prepared, context, media)
        finally:
            await close_context(context)

    def _media(self, exchange: Exchange) -> str:
        media = choose(exchange.headers.get("accept"), self._offers)
        if media is None:
            offered = ", ".join(self._offers)
            raise refusal("NOT_ACCEPTABLE", f"Answers come as {offered}: name one in Accept.", status=406)
        return media

    async def _read(self, exchange: Exchange, uploads: Uploads) -> GraphQLRequest:
        if exchange.method == "GET":
            return _from_query_string(self._engine.codec, exchange.scope.get("query_string", b""))
        kind = content_type(exchange.headers)
        if kind.media == "multipart/form-data":
            reader = MultipartReader(self._engine.codec, kind.boundary, self._limits, uploads)
            return await reader.read(exchange.chunks(self._limits.max_upload_bytes))
        return read_request(parse_json(self._engine.codec, await exchange.body(self._limits.max_body_bytes)))

    async def _run(
        self, exchange: Exchange, prepared: PreparedOperation, context: Context, media: str
    ) -> None:
        if exchange.method == "GET" and prepared.kind == "mutation":
            message = "A mutation is not run by GET: send it with POST."
            raise refusal("METHOD_NOT_ALLOWED", message, status=405, headers={"allow": "POST, OPTIONS"})
        if self._stream is not None and (
            media == EVENT_STREAM
            or (prepared.kind == "subscription" and names(exchange.headers.get("accept"), EVENT_STREAM))
        ):
            await self._stream(prepared, context, exchange.receive, exchange.send)
            return
        if prepared.kind == "subscription":
            message = "A subscription is a stream: accept text/event-stream, or use graphql-transport-ws."
            raise refusal("NOT_ACCEPTABLE", message, status=406)
        answer = await self._engine.execute(prepared, context)
        await exchange.answer(media, answer.body, request_id_of(context))

    async def _refuse(self, exchange: Exchange, refused: RequestRefused) -> None:
        if exchange.answered:
            return
        wanted = choose(exchange.headers.get("accept"), self._offers)
        media = GRAPHQL_JSON if wanted == GRAPHQL_JSON else JSON
        lenient = refused.document and wanted == JSON and refused.status == 400
        status = 200 if lenient else refused.status
        headers = {"cache-control": "no-store", "vary": "accept", **refused.headers}
        body = failed(self._engine.codec, refused.errors, refused.extensions).body
        if refused.document and wanted == EVENT_STREAM:
            # GraphQL over SSE: an EventSource cannot read a response that is not a stream.
            status, media, body = 200, EVENT_STREAM, next_event(body) + COMPLETE
        with suppress(OSError):
            await exchange.respond(status, f"{media}; charset=utf-8", body, headers)


def _from_query_string(codec: JsonCodec, raw: bytes) -> GraphQLRequest:
    """The request in a GET's parameters, whose variables and extensions are JSON."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        raise refusal("BAD_REQUEST", "The query string must be percent-encoded UTF-8.") from None
    given = dict(pairs)
    if len(given) < len(pairs):
        raise refusal("BAD_REQUEST", "Every parameter may be given once.")
    if any("\x00" in value for value in given.values()):
        raise refusal("BAD_REQUEST", "The query string holds a NUL character: leave it out.")
    value: dict[str, object] = {
        name: parse_json(codec, given[name].encode(), f"parameter '{name}'")
        for name in ("variables", "extensions")
        if given.get(name)
    }
    value["query"] = given.get("query")
    value["documentId"] = given.get("documentId")
    value["operationName"] = given.get("operationName") or None
    return read_request(value)
