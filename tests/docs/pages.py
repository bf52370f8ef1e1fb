"""Reads the examples out of a page, in their order.

A fence opens with its language and what it is. These are executed:

    ```graphql title="…" token="…"     an operation; `live` leaves a subscription open, `until` asks again
                                        until the answer is as shown
    ```json variables                   its variables
    ```json answer                      what it answers at least
    ```json events of="…"               what a subscription brings next; by `until`, after others perhaps
    ```json message                     the newest line of messages.jsonl
    ```python                           a program that finds what is known as variables, and leaves its own

and the comment `<!-- 15 minutes pass -->`. In JSON, `"$name"` is a value that is remembered where it is first
met and must be the same afterwards, and `"…"` is any value; at the end of a list it is any number of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(
    r"^```(?P<language>\w+)(?P<info>[^\n]*)\n(?P<text>.*?)^```$|^<!-- (?P<minutes>\d+) minutes pass -->$",
    re.MULTILINE | re.DOTALL,
)
_WORD = re.compile(r'(\w+)(?:="([^"]*)")?')


@dataclass(frozen=True, slots=True)
class Block:
    """One fence, or the passing of time."""

    kind: str
    """`graphql`, `python`, `pass`, or the first word behind `json`."""
    said: dict[str, str]
    """The words of the opening line, with their values."""
    text: str
    line: int

    @property
    def json(self) -> Any:
        """The text, where it is JSON."""
        return json.loads(self.text)


@dataclass(frozen=True, slots=True)
class Step:
    """A block with its variables and its answer."""

    block: Block
    variables: Any
    answer: Any


def blocks_of(text: str) -> Iterator[Block]:
    """Every block that is executed; others, such as shell, are not looked at."""
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found["minutes"]:
            yield Block("pass", {"minutes": found["minutes"]}, "", line)
            continue
        said = {word[1]: word[2] or "" for word in _WORD.finditer(found["info"])}
        kind = next(iter(said), "") if found["language"] == "json" else found["language"]
        if kind in ("graphql", "python", "variables", "answer", "events", "message"):
            yield Block(kind, said, found["text"], line)


def steps_of(page: Path) -> list[Step]:
    """The story of a page; AssertionError for variables or an answer that belong to nothing."""
    steps: list[Step] = []
    for block in blocks_of(page.read_text("utf-8")):
        if block.kind in ("variables", "answer"):
            last = steps[-1]
            assert last.block.kind == "graphql", f"{page.name}:{block.line} belongs to no operation."
            given = {"variables": last.variables, "answer": last.answer, block.kind: block.json}
            steps[-1] = Step(last.block, **given)
        else:
            steps.append(Step(block, None, None))
    return steps
