"""The page on the ledger shows what its examples print."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Sequence
from typing import Any

from domain.ledger.transfers import Transfer
from tests.docs.pages import DOCS
from tests.ledger.books import name_of

_BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMES = dict(enumerate(["HQ", "P", "Q", "S"]))


def show(transfers: Sequence[Transfer]) -> None:
    """Each transfer on a line, in yuan."""
    for transfer in transfers:
        sides: dict[bool, list[str]] = {True: [], False: []}
        for entry in transfer.entries:
            channel = entry.account.channel_id
            name = name_of(entry.account.kind, None) + (f":{NAMES[channel.int]}" if channel else "")
            sides[entry.debit_minor > 0].append(f"{name} {abs(entry.minor) // 100}")
        debits, gains = ", ".join(sides[True]), ", ".join(sides[False])
        print(f"{transfer.type:<14} debit {debits:<43} credit {gains}")


def test_the_page_tells_the_truth() -> None:
    known: dict[str, Any] = {"show": show}
    printed: list[str] = []
    said: list[str] = []
    for kind, text in _BLOCK.findall((DOCS / "ledger.md").read_text("utf-8")):
        if kind == "text":
            said.append(text.strip())
            continue
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(text, known)
        printed.append(out.getvalue().strip())
    assert printed == said
    assert len(printed) == 5
