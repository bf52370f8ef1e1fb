"""JSON as the engine needs it, behind a port, because the schema layer brings no library of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class JsonCodec(Protocol):
    """Writes and reads JSON in UTF-8."""

    def encode(self, value: Any) -> bytes:
        """The JSON text of a value; TypeError or ValueError when it has none."""
        ...

    def decode(self, text: bytes) -> Any:
        """The value of a JSON text. ValueError, with a reason fit for a client, for anything that is not
        strictly JSON: bad UTF-8, lone surrogates, NaN, numbers beyond a double, and nesting that would fill
        the stack.
        """
        ...


class TextCodec(JsonCodec, Protocol):
    """A codec that takes parts of a value as the text that they were written as before."""

    @property
    def text(self) -> Callable[[Any], bytes]:
        """Writes a part of a value; raises TypeError for what only `encode` can write."""

    @property
    def written(self) -> Callable[[bytes], Any]:
        """Makes a value that `encode` writes as this JSON text."""
