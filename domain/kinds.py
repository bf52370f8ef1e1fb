"""Kinds: of products, of promotions. One file each, its name the code, its dataclass the settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from types import ModuleType
from typing import Any, ClassVar, Protocol, TypeVar, get_type_hints

from domain.discovery import modules_of
from domain.refusals import InvalidInput


class Described(Protocol):
    """A dataclass: its fields are the settings."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


T = TypeVar("T")
K = TypeVar("K", bound=Described)


def kinds_of(package: ModuleType, base: type[T]) -> dict[str, type[T]]:
    """The one kind that each module of a package holds, by its code: `card_key.py` → `CARD_KEY`.

    Raises TypeError for a module that holds none or several.
    """
    found: dict[str, type[T]] = {}
    for module in modules_of(package):
        name = module.__name__.rpartition(".")[2]
        members = vars(module).values()
        kinds = [one for one in members if inspect.isclass(one) and issubclass(one, base) and one is not base]
        if len(kinds) != 1:
            raise TypeError(f"{name}.py must hold exactly one {base.__name__}; it holds {len(kinds)}.")
        found[name.upper()] = kinds[0]
    return found


def with_settings(
    kind: type[K],
    code: str,
    settings: Mapping[str, Any],
    at: str,
    wrong: Callable[[Any, Any], str | None],
) -> K:
    """A kind with its settings; InvalidInput naming the field `at` when one is missing or wrong.

    `wrong` says what a setting would be, given a value and its type; None where the value is one.
    """
    hints = get_type_hints(kind)
    known = {field.name: hints[field.name] for field in fields(kind)}
    for name, value in settings.items():
        if name not in known:
            raise InvalidInput(f"{code} has no setting {name!r}; it has {', '.join(known) or 'none'}.", at)
        reason = wrong(value, known[name])
        if reason is not None:
            raise InvalidInput(f"The setting {name} is {reason}.", at)
    try:
        return kind(**settings)
    except TypeError:
        raise InvalidInput(f"{code} needs the settings {', '.join(known)}.", at) from None
    except ValueError as problem:
        raise InvalidInput(str(problem), at) from None
