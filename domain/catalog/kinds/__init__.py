"""Product kinds: a file here is a kind, its name the code, its dataclass the settings of variants."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from domain.catalog.fulfilment import ProductKind
from domain.refusals import InvalidInput

_TYPE_NAMES = {int: "a whole number", str: "text", bool: "true or false"}


def discover(folders: Iterable[str]) -> dict[str, type[ProductKind]]:
    """The kinds of the modules in these folders of the package, by name: `card_key.py` → `CARD_KEY`."""
    found: dict[str, type[ProductKind]] = {}
    for module in sorted(pkgutil.iter_modules(list(folders)), key=lambda module: module.name):
        members = vars(importlib.import_module(f"{__name__}.{module.name}")).values()
        kinds = [
            m for m in members if inspect.isclass(m) and issubclass(m, ProductKind) and m is not ProductKind
        ]
        if len(kinds) != 1:
            raise TypeError(f"{module.name}.py must hold exactly one product kind; it holds {len(kinds)}.")
        found[module.name.upper()] = kinds[0]
    return found


KINDS: dict[str, type[ProductKind]] = discover(__path__)
"""Code → kind, all that there are."""


def kind_of(code: str) -> type[ProductKind]:
    """The kind of a stored code; KeyError when its file is gone."""
    return KINDS[code]


def settings_of(code: str, settings: Mapping[str, Any], at: str = "settings") -> ProductKind:
    """A kind with a variant's settings; InvalidInput naming the field `at` when one is missing or wrong."""
    kind = KINDS[code]
    hints = get_type_hints(kind)
    known = {field.name: hints[field.name] for field in fields(kind)}
    for name, value in settings.items():
        if name not in known:
            raise InvalidInput(f"{code} has no setting {name!r}; it has {', '.join(known) or 'none'}.", at)
        if type(value) is not known[name]:
            raise InvalidInput(f"The setting {name} is {_TYPE_NAMES[known[name]]}.", at)
    try:
        return kind(**settings)
    except TypeError:
        raise InvalidInput(f"{code} needs the settings {', '.join(known)}.", at) from None
    except ValueError as problem:
        raise InvalidInput(str(problem), at) from None
