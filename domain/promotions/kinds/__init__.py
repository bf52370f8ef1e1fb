"""Promotion kinds: a file here is a kind, its name the code, its dataclass the settings."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from domain.promotions.promotion import PromotionKind
from domain.refusals import InvalidInput

_MOST_MINOR = 10**13
_MOST_NAMES = 200


def discover(folders: Iterable[str]) -> dict[str, type[PromotionKind]]:
    """The kinds of the modules in these folders of the package, by name: `flash_sale.py` → `FLASH_SALE`."""
    found: dict[str, type[PromotionKind]] = {}
    for module in sorted(pkgutil.iter_modules(list(folders)), key=lambda module: module.name):
        members = vars(importlib.import_module(f"{__name__}.{module.name}")).values()
        kinds = [
            m
            for m in members
            if inspect.isclass(m) and issubclass(m, PromotionKind) and m is not PromotionKind
        ]
        if len(kinds) != 1:
            raise TypeError(f"{module.name}.py must hold exactly one promotion kind; it holds {len(kinds)}.")
        found[module.name.upper()] = kinds[0]
    return found


KINDS: dict[str, type[PromotionKind]] = discover(__path__)
"""Code → kind, all that there are."""


def settings_of(code: str, settings: Mapping[str, Any], at: str = "settings") -> PromotionKind:
    """A kind with a promotion's settings; InvalidInput naming the field `at` when one is missing or wrong."""
    kind = KINDS[code]
    hints = get_type_hints(kind)
    known = {field.name: hints[field.name] for field in fields(kind)}
    for name, value in settings.items():
        if name not in known:
            raise InvalidInput(f"{code} has no setting {name!r}; it has {', '.join(known)}.", at)
        reason = _wrong(value, known[name])
        if reason is not None:
            raise InvalidInput(f"The setting {name} is {reason}.", at)
    try:
        return kind(**settings)
    except TypeError:
        raise InvalidInput(f"{code} needs the settings {', '.join(known)}.", at) from None
    except ValueError as problem:
        raise InvalidInput(str(problem), at) from None


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
