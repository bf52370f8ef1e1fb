"""Compares what was answered with what a page shows, and remembers what the page gives a name."""

from __future__ import annotations

import re
from typing import Any

ANYTHING = "…"
_NAME = re.compile(r"\$(\w+)")


class Known:
    """The values of names."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def filled(self, said: Any) -> Any:
        """A page's JSON with the values of its names; KeyError for a name that nothing gave a value."""
        if isinstance(said, dict):
            return {key: self.filled(value) for key, value in said.items()}
        if isinstance(said, list):
            return [self.filled(one) for one in said]
        name = _NAME.fullmatch(said) if isinstance(said, str) else None
        return self.values[name[1]] if name else said

    def differences(self, shown: Any, found: Any, at: str = "") -> list[str]:
        """How an answer differs from what is shown of it; empty when it is as shown."""
        if shown == ANYTHING:
            return [] if found is not None else [f"{at} is null"]
        name = _NAME.fullmatch(shown) if isinstance(shown, str) else None
        if name is not None:
            known = self.values.setdefault(name[1], found)
            return [] if known == found and found is not None else [f"{at} is {found!r}, not {known!r}"]
        if isinstance(shown, dict) and isinstance(found, dict):
            missing = [f"{at}.{key} is missing" for key in shown if key not in found]
            shared = [key for key in shown if key in found]
            return missing + [
                one for key in shared for one in self.differences(shown[key], found[key], f"{at}.{key}")
            ]
        if isinstance(shown, list) and isinstance(found, list):
            return self._of_lists(shown, found, at)
        return [] if shown == found and type(shown) is type(found) else [f"{at} is {found!r}, not {shown!r}"]

    def _of_lists(self, shown: list[Any], found: list[Any], at: str) -> list[str]:
        if shown and shown[-1] == ANYTHING:
            shown, found = shown[:-1], found[: len(shown) - 1]
        if len(shown) != len(found):
            return [f"{at} has {len(found)} elements, not {len(shown)}: {found!r}"]
        pairs = enumerate(zip(shown, found, strict=True))
        return [one for n, (a, b) in pairs for one in self.differences(a, b, f"{at}[{n}]")]
