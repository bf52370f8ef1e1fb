"""Settings are documented in one place, and nothing real starts on the demo's."""

from __future__ import annotations

from pathlib import Path

import pytest

from persistence.settings import Settings, environment_name
from persistence.settings_page import page

REAL = {
    "database_url": "postgresql://canary-password@db/quanyi",
    "key_file": Path(__file__),
    "message_sender": "http",
    "message_url": "https://messages.example/canary",
    "message_secret": "whsec_canary",
}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(environment_name(name), raising=False)


def real(**changes: object) -> Settings:
    return Settings.model_validate(REAL | changes)


def test_the_page_says_what_the_declarations_say() -> None:
    assert Path("docs/settings.md").read_text(encoding="utf-8") == page()


def test_every_setting_has_a_description() -> None:
    assert [
        n for n, field in Settings.model_fields.items() if not (field.description or "").endswith(".")
    ] == []


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9123")
    monkeypatch.setenv("QUANYI_DATA", "/tmp/elsewhere")
    monkeypatch.setenv("QUANYI_RESERVATION_MINUTES", "3")
    settings = Settings()
    assert (settings.port, settings.data, settings.reservation_minutes) == (9123, Path("/tmp/elsewhere"), 3)


def test_by_default_nothing_listens_beyond_loopback_and_the_demo_is_off() -> None:
    assert (Settings().host, Settings().demo, Settings().sandbox_allowed) == ("127.0.0.1", False, False)


def test_the_demo_needs_nothing() -> None:
    demo = Settings(demo=True)
    assert demo.check_for_production() == []
    assert demo.sandbox_allowed


def test_a_complete_set_may_serve() -> None:
    assert real().check_for_production() == []


def test_nothing_set_names_everything_that_is_missing() -> None:
    named = {problem.partition(" ")[0] for problem in Settings().check_for_production()}
    assert named == {
        "DATABASE_URL",
        "QUANYI_CARD_KEYS",
        "QUANYI_INDEX_KEYS",
        "QUANYI_CODE_KEYS",
        "QUANYI_TOKEN_KEYS",
        "QUANYI_PRESENTATION_KEYS",
        "QUANYI_MESSAGE_SENDER",
    }


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"database_url": None}, "DATABASE_URL"),
        ({"workers": 2}, "REDIS_URL"),
        ({"key_file": Path("/nowhere/keys.json")}, "QUANYI_KEY_FILE"),
        ({"message_sender": "file"}, "QUANYI_MESSAGE_SENDER"),
        ({"message_sender": "none"}, "QUANYI_MESSAGE_SENDER"),
        ({"message_url": None}, "QUANYI_MESSAGE_URL"),
        ({"message_secret": None}, "QUANYI_MESSAGE_SECRET"),
        ({"sandbox_payments": True}, "QUANYI_SANDBOX_PAYMENTS"),
    ],
)
def test_each_gap_is_named(change: dict[str, object], named: str) -> None:
    assert [problem.partition(" ")[0] for problem in real(**change).check_for_production()] == [named]


def test_neither_problems_nor_repr_tell_a_secret() -> None:
    settings = real(card_keys="a:canary", token_keys="b:canary")
    told = repr(settings) + str(settings) + " ".join(settings.check_for_production())
    assert "canary" not in told
