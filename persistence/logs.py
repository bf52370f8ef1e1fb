"""Logs: one JSON line for each event, readable lines on a terminal, and in neither a secret or a person."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import orjson
import structlog

HIDDEN = "[hidden]"

_NAMES = frozenset(
    {
        "account", "address_line", "authorization", "body", "contact", "cookie", "detail", "document", "dsn",
        "email", "identifier", "key", "keys", "number", "one_time_code", "parameters", "payload", "phone",
        "presentation", "proof", "query", "recipient", "sign_in_code", "statement", "text", "to", "variables",
    }
)  # fmt: skip
_ENDINGS = ("password", "secret", "secrets", "token", "tokens", "_url", "_dsn", "_proof", "_phone", "_email")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_TEXTS = (
    (re.compile(r"\bqs_[a-z]{2,3}_[\w-]{8,}"), HIDDEN),
    (re.compile(r"\bwhsec_[\w+/=-]+"), HIDDEN),
    (re.compile(r"(?i)\bbearer\s+\S+"), f"Bearer {HIDDEN}"),
    (re.compile(r"://[^/\s:@]*:[^/\s@]+@"), f"://{HIDDEN}@"),
    (re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)"), HIDDEN),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), HIDDEN),
    # asyncio quotes the exception of a task that nobody awaited.
    (re.compile(r"exception=(\w+)\(.*", re.DOTALL), r"exception=\1(…)>"),
)
_QUIET = ("uvicorn", "pgqueuer", "alembic", "sqlalchemy", "httpx2", "httpcore2", "asyncio", "stamina")
"""Libraries of which only warnings are written."""

EventDict = MutableMapping[str, Any]


def configure(level: str, *, pretty: bool | None = None, stream: TextIO | None = None) -> None:
    """Send our logs and those of every library through the same processors to `stream` (standard error).

    `pretty` is for people; unset, it depends on whether the stream is a terminal.
    """
    stream = stream or sys.stderr
    first: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        frames_only,
        redacted,
    ]
    on_terminal = stream.isatty() if pretty is None else pretty
    last = structlog.dev.ConsoleRenderer(colors=stream.isatty()) if on_terminal else _json
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *first],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *first,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def frames_only(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """An exception becomes its kind and where it happened: its text may quote a customer's data."""
    given = event.pop("exc_info", None)
    record = event.get("_record")
    if record is not None:
        # The formatter of the standard library would append the whole traceback.
        given, record.exc_info, record.exc_text = given or record.exc_info, None, None
        record.stack_info = None
    if given is True:
        given = sys.exc_info()
    problem = given[1] if isinstance(given, tuple) else given
    if isinstance(problem, BaseException):
        event["problem"] = f"{type(problem).__module__}.{type(problem).__qualname__}"
        event["frames"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(problem.__traceback__)
        ]
    return event


def redacted(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Hide what is named like a secret or a person, and what looks like one in any text."""
    for name, value in event.items():
        if name != "_record" and name != "_from_structlog":
            event[name] = HIDDEN if _hides(name) and value not in (None, "") else _cleaned(value)
    return event


def _hides(name: str) -> bool:
    plain = _WORD.sub("_", name).lower().replace("-", "_")
    return plain in _NAMES or plain.endswith(_ENDINGS)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        for pattern, instead in _TEXTS:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, Mapping):
        return {k: HIDDEN if _hides(str(k)) else _cleaned(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(one) for one in value]
    return value if isinstance(value, int | float | bool | None) else _cleaned(str(value))


def _json(_logger: Any, _method: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
