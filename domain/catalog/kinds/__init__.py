"""Product kinds: a file here is a kind, its name the code, its dataclass the settings of variants."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from domain.catalog.fulfilment import ProductKind
from domain.kinds import kinds_of, with_settings

_TYPE_NAMES = {int: "a whole number", str: "text", bool: "true or false"}

KINDS: dict[str, type[ProductKind]] = kinds_of(sys.modules[__name__], ProductKind)
"""Code → kind, all that there are."""


def kind_of(code: str) -> type[ProductKind]:
    """The kind of a stored code; KeyError when its file is gone."""
    return KINDS[code]


def settings_of(code: str, settings: Mapping[str, Any], at: str = "settings") -> ProductKind:
    """A kind with a variant's settings; InvalidInput naming the field `at` when one is missing or wrong."""
    return with_settings(KINDS[code], code, settings, at, _wrong)


def _wrong(value: Any, wanted: Any) -> str | None:
    return None if type(value) is wanted else _TYPE_NAMES[wanted]
