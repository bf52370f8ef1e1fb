"""Suppliers: one file each, its name the supplier's code, its dataclass the supplier's settings."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, Protocol

from domain.discovery import modules_of
from domain.supply.answers import Answer, Conversation, Submission


class Adapter(Protocol):
    """How one supplier is spoken to; pure, so that it is tested without a socket."""

    @property
    def pretends(self) -> bool:
        """Whether it delivers nothing, so that it may only be used where play money is."""

    @property
    def least_pause(self) -> timedelta:
        """How soon after an answer the supplier may be asked again."""

    def submit(self, wanted: Submission) -> Conversation:
        """Buy; never repeated for the same outgoing number."""

    def query(self, wanted: Submission) -> Conversation:
        """Ask what became of it; may be repeated."""

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> tuple[str, Answer] | None:
        """The outgoing number and the answer of a callback whose signature is right; None for any other."""


def usable(supplier: str, sandbox: bool) -> bool:
    """Whether a supplier can be used where the sandbox exists (or does not)."""
    adapter = adapters().get(supplier)
    return adapter is not None and (sandbox or not adapter.pretends)


@lru_cache(maxsize=1)
def adapters() -> dict[str, Adapter]:
    """Code → adapter: the `ADAPTER` of every file here."""
    found: dict[str, Adapter] = {}
    for module in modules_of(sys.modules[__name__]):
        adapter: Any = vars(module)["ADAPTER"]
        found[module.__name__.rpartition(".")[2]] = adapter
    return found
