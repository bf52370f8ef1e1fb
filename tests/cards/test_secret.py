"""A secret prints as dots, wherever it ends up by accident."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict

import pytest

from domain.cards.importing.rows import Accepted
from domain.cards.secret import Secret, masked

CANARY = "CANARY7788CANARY"


def test_no_way_of_printing_shows_it() -> None:
    secret = Secret(CANARY)
    shown = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r:>40}",
        format(secret, ">40"),
        f"{[secret]} { {1: secret} }",
    ]
    shown.append(repr(Accepted(2, secret, secret, None)))
    shown.append(json.dumps({"secret": secret}, default=str))
    assert not any("CANARY" in text for text in shown)


def test_it_cannot_be_written_down_by_accident() -> None:
    secret = Secret(CANARY)
    for write in (pickle.dumps, json.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            write(secret)
    with pytest.raises(TypeError):
        asdict(Accepted(2, secret, None, None))
    with pytest.raises(TypeError):
        hash(secret)


def test_neither_logs_nor_tracebacks_show_it(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(CANARY)
    try:
        raise ValueError(secret)
    except ValueError as error:
        logging.getLogger("test").exception("failed with %s", secret, extra={"card": secret})
        trace = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "CANARY7788" not in caplog.text
    assert "secret = Secret(••••)" in trace


def test_it_compares_by_value_and_gives_itself_back_when_asked() -> None:
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret("other")
    assert Secret(CANARY) != CANARY
    assert Secret(CANARY).reveal() == CANARY


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("7M3PZ0QH4VX2KR2P", "••••KR2P"),
        ("123456789012", "••••9012"),
        ("12345678901", "••••"),
        ("8842", "••••"),
        ("", "••••"),
        ("https://movie.example.com/r/PVPZ5V5H?x=1", "movie.example.com/••••"),
        ("https://user:word@movie.example.com:8443/r", "movie.example.com/••••"),
        ("https://[broken/secret", "••••"),
    ],
)
def test_only_the_harmless_part_is_shown(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert Secret(text).masked() == shown
