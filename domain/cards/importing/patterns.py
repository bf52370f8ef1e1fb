"""What a code may look like, written by people of the trade and safe to run on a million rows.

A pattern is a row of `[A-HJ-NP-Z2-9]`, `\\d` or single characters, each with `{16}` or `{8,12}`, and `|`
between whole alternatives. Nothing in it can repeat a repetition, so no pattern can be made slow on purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.refusals import InvalidInput

_ITEM = re.compile(
    r"(?:\[(?:[A-Za-z0-9](?:-[A-Za-z0-9])?|_)+-?\]|\\d|[A-Za-z0-9_-])(?:\{(\d{1,3})(?:,(\d{1,3}))?\})?"
)
_LONGEST_CODE = 128
_MOST_ALTERNATIVES = 8
_MOST_VARIABLE = 2
_SECTIONS = ("number", "secret")


@dataclass(frozen=True)
class CodePattern:
    """A pattern that was checked and compiled; `given` says whether people wrote it or it is the default."""

    compiled: re.Pattern[str]
    given: bool

    def fits(self, text: str) -> bool:
        """Whether the whole text is such a code."""
        return self.compiled.fullmatch(text) is not None


def code_pattern(text: str, given: bool = True) -> CodePattern:
    """Compile a pattern; refuses one that breaks the rules above."""
    alternatives = text.split("|")
    if len(alternatives) > _MOST_ALTERNATIVES:
        raise _bad(f"it has more than {_MOST_ALTERNATIVES} alternatives")
    for alternative in alternatives:
        _check(alternative)
    try:
        return CodePattern(re.compile(text, re.ASCII), given)
    except re.error as error:
        raise _bad(error.msg) from None


def sections(text: str) -> dict[str, CodePattern]:
    """A `secretPattern` by section: `number:\\d{17} secret:\\d{12}`, or the secret's pattern alone."""
    found: dict[str, CodePattern] = {}
    for part in text.split():
        name, colon, pattern = part.rpartition(":")
        name = name if colon else "secret"
        if name not in _SECTIONS:
            raise _bad(f"there is no section {name!r}; write number:… and secret:…")
        if name in found:
            raise _bad(f"it says twice what the {name} looks like")
        found[name] = code_pattern(pattern)
    return found


def _check(alternative: str) -> None:
    at = longest = variable = 0
    while at < len(alternative):
        item = _ITEM.match(alternative, at)
        if item is None:
            raise _bad(f"character {at + 1} of {alternative!r} is not understood")
        least, most = item[1] or "1", item[2] or item[1] or "1"
        longest += int(most)
        variable += least != most
        at = item.end()
    if not 0 < longest <= _LONGEST_CODE:
        raise _bad(f"a code has 1 to {_LONGEST_CODE} characters")
    if variable > _MOST_VARIABLE:
        raise _bad(f"at most {_MOST_VARIABLE} of its parts may vary in length")


def _bad(reason: str) -> InvalidInput:
    return InvalidInput(f"This pattern cannot be used: {reason}.", "secretPattern")
