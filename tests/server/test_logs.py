"""Logs are lines of JSON in which no secret and no person can be read."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from persistence.logs import HIDDEN, configure

CANARY = "canary-7Q4Z"
PHONE = "13912345678"


class Written:
    """What has been written since the test began."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def last(self) -> dict[str, Any]:
        found = json.loads(self.text.splitlines()[-1])
        assert isinstance(found, dict)
        return found


@pytest.fixture
def written() -> Iterator[Written]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = Written()
    configure("INFO", pretty=False, stream=written.stream)
    structlog.contextvars.clear_contextvars()
    yield written
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_is_one_line_of_json_with_its_time_level_and_request(written: Written) -> None:
    structlog.contextvars.bind_contextvars(request_id="r-1")
    structlog.get_logger("a").info("order.placed", order="ord_1", lines=2)
    assert len(written.text.splitlines()) == 1
    assert written.last.pop("timestamp").endswith("Z")
    assert written.last | {"timestamp": ""} == {
        "event": "order.placed", "order": "ord_1", "lines": 2, "level": "info", "request_id": "r-1",
        "timestamp": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["password", "newPassword", "access_token", "accessToken", "secret", "card_secret", "authorization",
     "proof", "one_time_code", "phone", "email", "identifier", "dsn", "database_url", "variables", "number",
     "presentation", "to", "text", "message_secret"],
)  # fmt: skip
def test_what_is_named_like_a_secret_is_hidden_at_every_depth(written: Written, name: str) -> None:
    structlog.get_logger().info("e", **{name: CANARY}, deep={"list": [{name: CANARY}]})
    assert CANARY not in written.text
    assert written.last[name] == HIDDEN
    assert written.last["deep"] == {"list": [{name: HIDDEN}]}


@pytest.mark.parametrize(
    "text",
    [
        "qs_cu_canary-7Q4Zxxxxxxxxxxxxxxxx",
        "Bearer canary-7Q4Z",
        "whsec_canary-7Q4Z",
        "postgresql://quanyi:canary-7Q4Z@db/quanyi",
        "canary-7Q4Z@shop.example",
        "<Task exception=ValueError('canary-7Q4Z')>",
    ],
)
def test_what_looks_like_a_secret_is_hidden_in_any_text(written: Written, text: str) -> None:
    structlog.get_logger().warning(f"about {text}", detail_of=text, lines=[text])
    logging.getLogger("a.library").warning("about %s", text)
    assert CANARY not in written.text
    assert len(written.text.splitlines()) == 2


def test_a_phone_number_is_hidden_and_an_id_is_not(written: Written) -> None:
    structlog.get_logger().info("e", said=f"call {PHONE} or +86{PHONE}", position=20261122184512345)
    assert PHONE not in written.text
    assert written.last["position"] == 20261122184512345


@pytest.mark.parametrize("library", [False, True])
def test_an_exception_is_its_kind_and_place_without_its_text(written: Written, library: bool) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as problem:
        if library:
            logging.getLogger("a.library").exception("It failed")
        else:
            structlog.get_logger().error("it.failed", exc_info=problem)
    assert CANARY not in written.text
    assert written.last["problem"] == "builtins.ValueError"
    assert any("test_logs.py" in frame for frame in written.last["frames"])
    assert len(written.text.splitlines()) == 1


def test_libraries_speak_up_for_warnings_only(written: Written) -> None:
    for name in ("uvicorn.error", "pgqueuer", "httpx2"):
        logging.getLogger(name).info("chatter")
        logging.getLogger(name).warning("warning")
    assert [json.loads(line)["event"] for line in written.text.splitlines()] == ["warning"] * 3


def test_people_get_lines_that_are_not_json(written: Written) -> None:
    stream = io.StringIO()
    configure("INFO", pretty=True, stream=stream)
    structlog.get_logger().info("order.placed", token=CANARY)
    assert "order.placed" in stream.getvalue()
    assert CANARY not in stream.getvalue()
    assert not stream.getvalue().startswith("{")
