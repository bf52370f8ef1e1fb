"""Requests with files, as the GraphQL multipart request specification has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import Message
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from resolvers.http.files import SpooledUpload, Uploads
from resolvers.http.settings import HttpLimits
from schema.engine.codec import JsonCodec
from schema.engine.refused import refusal
from schema.engine.requests import GraphQLRequest, parse_json, read_request


class _Part:
    """One part that is being read: a field in memory, or a file."""

    def __init__(self) -> None:
        self.headers = Message()
        self.name = ""
        self.value = bytearray()
        self.file: SpooledUpload | None = None


class MultipartReader:
    """Reads `operations`, then `map`, then the files, each part as it comes."""

    def __init__(self, codec: JsonCodec, boundary: str | None, limits: HttpLimits, uploads: Uploads) -> None:
        self._codec = codec
        self._limits = limits
        self._uploads = uploads
        self._fields: dict[str, bytes] = {}
        self._part = _Part()
        self._header = (bytearray(), bytearray())
        self._events: list[tuple[str, bytes]] = []
        self._ended = False
        try:
            self._parser = MultipartParser(boundary or "", self._callbacks()) if boundary else None
        except FormParserError:
            self._parser = None
        if self._parser is None:
            raise refusal("BAD_REQUEST", "multipart/form-data needs a boundary of 1 to 256 characters.")

    async def read(self, chunks: AsyncIterator[bytes]) -> GraphQLRequest:
        """The request with the files put in the places of its variables."""
        assert self._parser is not None
        async for chunk in chunks:
            try:
                self._parser.write(chunk)
            except FormParserError:
                raise refusal("BAD_REQUEST", "The body is not well-formed multipart/form-data.") from None
            await self._take_events()
        if not self._ended:
            raise refusal("BAD_REQUEST", "The multipart body ends before its closing boundary.")
        return self._request()

    def _callbacks(self) -> Any:
        def data(kind: str) -> Any:
            return lambda chunk, start, end: self._events.append((kind, bytes(chunk[start:end])))

        def mark(kind: str) -> Any:
            return lambda: self._events.append((kind, b""))

        return {
            "on_part_begin": mark("begin"),
            "on_header_field": data("name"),
            "on_header_value": data("value"),
            "on_header_end": mark("header"),
            "on_headers_finished": mark("headers"),
            "on_part_data": data("data"),
            "on_part_end": mark("end"),
            "on_end": mark("finish"),
        }

    async def _take_events(self) -> None:
        events, self._events = self._events, []
        for kind, data in events:
            if kind == "data":
                await self._take_data(data)
            elif kind == "begin":
                self._part = _Part()
            elif kind in ("name", "value"):
                self._header[kind == "value"].extend(data)
            elif kind == "header":
                name, value = (part.decode("utf-8", "replace") for part in self._header)
                self._part.headers[name] = value
                self._header = (bytearray(), bytearray())
            elif kind == "headers":
                self._open_part()
            elif kind == "end" and self._part.file is None:
                self._fields[self._part.name] = bytes(self._part.value)
            elif kind == "finish":
                self._ended = True

    def _open_part(self) -> None:
        headers = self._part.headers
        name = headers.get_param("name", header="content-disposition")
        if not isinstance(name, str) or not name:
            raise refusal("BAD_REQUEST", "Every part needs Content-Disposition: form-data with a name.")
        self._part.name = name
        if name in ("operations", "map"):
            return
        if "operations" not in self._fields or "map" not in self._fields:
            raise refusal("BAD_REQUEST", "Send the parts 'operations' and 'map' before the files.")
        self._part.file = self._uploads.add(name, headers.get_filename() or "", headers.get_content_type())

    async def _take_data(self, data: bytes) -> None:
        part = self._part
        if part.file is not None:
            await part.file.write(data)
            return
        part.value += data
        if len(part.value) > self._limits.max_body_bytes:
            limit = self._limits.max_body_bytes
            message = f"The part '{part.name}' is larger than {limit} bytes."
            raise refusal("PAYLOAD_TOO_LARGE", message, status=413, limit=limit)

    def _request(self) -> GraphQLRequest:
        for name in ("operations", "map"):
            if name not in self._fields:
                raise refusal("BAD_REQUEST", f"The multipart body has no part '{name}'.")
        operations = parse_json(self._codec, self._fields["operations"], "part 'operations'")
        places = parse_json(self._codec, self._fields["map"], "part 'map'")
        request = read_request(operations)
        if not isinstance(places, dict):
            raise refusal("BAD_REQUEST", "The part 'map' must be an object of file names and paths.")
        for name, paths in places.items():
            if name not in self._uploads.files:
                raise refusal("BAD_REQUEST", f"The file '{name}' is in the map, and did not come.")
            if not isinstance(paths, list) or not paths:
                raise refusal("BAD_REQUEST", f"The map of the file '{name}' must be a list of paths.")
            for path in paths:
                _put(operations, path, self._uploads.files[name])
        return request


def _put(operations: dict[str, Any], path: Any, file: SpooledUpload) -> None:
    """Replace the null at a path like variables.input.file or variables.files.0."""
    steps = path.split(".") if isinstance(path, str) else []
    if len(steps) < 2 or steps[0] != "variables":
        raise refusal("BAD_REQUEST", "A path of the map begins with 'variables.' and names a variable.")
    place: Any = operations
    for step in steps[:-1]:
        place = _at(place, step, path)
    if _at(place, steps[-1], path) is not None:
        raise refusal("BAD_REQUEST", f"The place '{path}' of a file must hold null.")
    place[int(steps[-1]) if isinstance(place, list) else steps[-1]] = file


def _at(place: Any, step: str, path: str) -> Any:
    if isinstance(place, dict) and step in place:
        return place[step]
    if (
        isinstance(place, list)
        and step.isascii()
        and step.isdigit()
        and len(step) < 6
        and int(step) < len(place)
    ):
        return place[int(step)]
    raise refusal("BAD_REQUEST", f"The operations have no place '{path}' for a file.")
