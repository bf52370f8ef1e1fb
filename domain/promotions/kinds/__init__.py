"""Promotion kinds: a file here is a kind, its name the code, its dataclass the settings."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from domain.kinds import kinds_of, with_settings
from domain.promotions.promotion import PromotionKind

_MOST_MINOR = 10**13
_MOST_NAMES = 200

KINDS: dict[str, type[PromotionKind]] = kinds_of(sys.modules[__name__], PromotionKind)
"""Code → kind, all that there are."""


def settings_of(code: str, settings: Mapping[str, Any], at: str = "settings") -> PromotionKind:
    """A kind with a promotion's settings; InvalidInput naming the field `at` when one is missing or wrong."""
    return with_settings(KINDS[code], code, settings, at, _wrong)


def _wrong(value: Any, wanted: Any) -> str | None:
    """What a setting of this type would be; None where the value is one."""
    if wanted is bool:
        return None if isinstance(value, bool) else "true or false"
    if wanted is int:
        return None if _is_amount(value) else "a whole number that is not negative"
    named = isinstance(value, Mapping) and len(value) <= _MOST_NAMES
    if named and all(isinstance(name, str) and _is_amount(one) for name, one in value.items()):
        return None
    return f"an object of up to {_MOST_NAMES} names with whole numbers that are not negative"


def _is_amount(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MOST_MINOR
