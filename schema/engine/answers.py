"""What an operation came to, encoded once, so that a transport only wraps bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schema.engine.codec import JsonCodec
from schema.engine.refused import FormattedError


class Answer:
    """One GraphQL response.

    `has_data` is false when execution never began; the key `data` is left out of the body then.
    """

    __slots__ = ("_data", "_read", "body", "errors", "extensions", "has_data")

    def __init__(
        self,
        body: bytes,
        data: Mapping[str, Any] | None,
        errors: Sequence[FormattedError] = (),
        extensions: Mapping[str, Any] | None = None,
        *,
        has_data: bool = True,
        read: Callable[[bytes], Any] | None = None,
    ) -> None:
        self.body = body
        self._data, self._read = data, read
        self.errors = errors
        self.extensions = extensions
        self.has_data = has_data

    @property
    def data(self) -> Mapping[str, Any] | None:
        """The data as values; of an answer with parts that were written before, read from its body."""
        if self._read is not None:
            self._data, self._read = self._read(self.body)["data"], None
        return self._data


def executed(
    codec: JsonCodec,
    data: Mapping[str, Any] | None,
    errors: Sequence[FormattedError] = (),
    extensions: Mapping[str, Any] | None = None,
    *,
    has_texts: bool = False,
) -> Answer:
    """The answer of an executed operation; TypeError or ValueError when the data cannot be JSON.

    `has_texts` says that parts of the data are text already.
    """
    payload: dict[str, Any] = {"errors": errors, "data": data} if errors else {"data": data}
    if extensions:
        payload["extensions"] = extensions
    read = codec.decode if has_texts else None
    return Answer(codec.encode(payload), data, errors, extensions, read=read)


def failed(
    codec: JsonCodec, errors: Sequence[FormattedError], extensions: Mapping[str, Any] | None = None
) -> Answer:
    """The answer of a request that was never executed."""
    payload = {"errors": errors, "extensions": extensions} if extensions else {"errors": errors}
    return Answer(codec.encode(payload), None, errors, extensions, has_data=False)
