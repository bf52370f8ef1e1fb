"""The engine's JSON by orjson, strict where the standard library is lenient, and ten times as fast."""

from __future__ import annotations

import json
from typing import Any

import orjson


class OrjsonCodec:
    """A JsonCodec."""

    def encode(self, value: Any) -> bytes:
        """What orjson cannot write (lone surrogates, wide integers) is written by the slower json."""
        try:
            return orjson.dumps(value)
        except TypeError:
            return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()

    def decode(self, text: bytes) -> Any:
        """The value of a JSON text; ValueError says what is wrong with it."""
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ValueError(error.msg) from None
