"""Nothing real starts on the demo's settings, and each missing thing is named on a line of its own."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from persistence.settings import Settings
from persistence.starting import MARK
from tests.server_process import ServerProcess

CANARY = "canary7Q4Z"


def key() -> str:
    return f"k1:{base64.b64encode(os.urandom(32)).decode()}"


def real(dsn: str) -> dict[str, Any]:
    """All that a real server needs."""
    keys = ("CARD", "INDEX", "CODE", "TOKEN", "PRESENTATION")
    return {
        "DATABASE_URL": dsn,
        **{f"QUANYI_{name}_KEYS": key() for name in keys},
        "QUANYI_MESSAGE_SENDER": "http",
        "QUANYI_MESSAGE_URL": "https://messages.example/send",
        "QUANYI_MESSAGE_SECRET": "whsec_" + base64.b64encode(os.urandom(24)).decode(),
    }


def refused(place: Path, *command: str, **environment: Any) -> list[str]:
    """What a command says that refuses to start."""
    server = ServerProcess(place, command=command, **environment)
    assert server.run_to_end() == 2, server.log
    assert server.output == ""
    return server.log.splitlines()


def test_without_anything_every_missing_thing_is_named(tmp_path: Path) -> None:
    said = refused(tmp_path, "serve")
    for name in ("DATABASE_URL", "QUANYI_CARD_KEYS", "QUANYI_INDEX_KEYS", "QUANYI_CODE_KEYS",
                 "QUANYI_TOKEN_KEYS", "QUANYI_PRESENTATION_KEYS", "QUANYI_MESSAGE_SENDER"):  # fmt: skip
        assert [line for line in said if line.startswith(name)] != [], said


@pytest.mark.parametrize("missing", ["QUANYI_TOKEN_KEYS", "DATABASE_URL", "QUANYI_MESSAGE_URL"])
def test_one_missing_thing_is_one_line(tmp_path: Path, missing: str) -> None:
    given = real("postgresql://nobody@localhost/none")
    del given[missing]
    (line,) = refused(tmp_path, "serve", **given)
    assert line.startswith(missing)


def test_a_key_that_is_none_is_refused_without_being_repeated(tmp_path: Path) -> None:
    given = real("postgresql://nobody@localhost/none") | {"QUANYI_TOKEN_KEYS": f"k1:{CANARY}"}
    said = refused(tmp_path, "serve", **given)
    assert CANARY not in "".join(said)
    assert len(said) == 1


def test_a_setting_that_cannot_be_read_is_named_without_its_value(tmp_path: Path) -> None:
    (line,) = refused(tmp_path, "run", WORKERS=CANARY)
    assert "WORKERS" in line.upper()
    assert CANARY not in line


@pytest.mark.parametrize("switch", ["QUANYI_DEMO", "QUANYI_SANDBOX_PAYMENTS"])
def test_the_demos_switches_cannot_be_on_in_a_real_server(tmp_path: Path, switch: str) -> None:
    (line,) = refused(tmp_path, "serve", **real("postgresql://nobody@localhost/none"), **{switch: "true"})
    assert line.startswith(switch)


def test_a_database_that_cannot_be_reached_is_said_without_its_password(tmp_path: Path) -> None:
    (line,) = refused(tmp_path, "serve", **real(f"postgresql://quanyi:{CANARY}@127.0.0.1:1/quanyi"))
    assert "database" in line
    assert CANARY not in line


async def _mark(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(MARK)
    await connection.close()


def test_a_first_owner_is_made_and_the_demo_keeps_off_the_real_database(dsn: str, tmp_path: Path) -> None:
    first = ("create-agent", "boss@shop.example", "Boss", "--channel", "root")
    made = ServerProcess(tmp_path, command=first, QUANYI_NEW_PASSWORD="a long password 1", **real(dsn))
    assert made.run_to_end() == 0, made.log
    (line,) = refused(tmp_path, *first, QUANYI_NEW_PASSWORD="a long password 1", **real(dsn))
    assert "e-mail" in line.lower() or "address" in line.lower()
    (line,) = refused(tmp_path, "run", DATABASE_URL=dsn)
    assert "the demo did not make" in line
    asyncio.run(_mark(dsn))
    (line,) = refused(tmp_path, "serve", **real(dsn))
    assert "is the demo's" in line


def test_a_place_that_cannot_hold_data_is_named_with_what_to_do(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("")
    said = refused(tmp_path, "run", QUANYI_DATA=str(taken))
    assert said == [f"{taken} cannot hold data: File exists. Choose a directory with QUANYI_DATA."]


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    unset = Settings()
    for name in ("PORT", "HOST", "DATABASE_URL", "REDIS_URL", "WORKERS", "QUANYI_LOG_LEVEL"):
        monkeypatch.setenv(name, "")
    assert Settings() == unset
