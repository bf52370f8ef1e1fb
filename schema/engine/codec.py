"""JSON as the engine needs it, behind a port, because the schema layer brings no library of its own."""

from __future__ import annotations

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
