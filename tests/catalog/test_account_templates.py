"""Account templates: what can be one, and what a buyer may enter."""

import time
from typing import Any

import pytest

from persistence.catalog.account_templates import SchemaTemplates
from persistence.demo.catalog import ACCOUNT_TEMPLATES

TEMPLATES = SchemaTemplates()


def nested(levels: int) -> dict[str, Any]:
    """A schema of so many levels."""
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"not": schema}
    return schema


@pytest.mark.parametrize("name", ACCOUNT_TEMPLATES)
def test_the_demos_templates_can_be_used(name: str) -> None:
    assert TEMPLATES.flaw(ACCOUNT_TEMPLATES[name]) is None


@pytest.mark.parametrize(
    "template",
    [
        "phone",
        [],
        {"type": "telephone"},
        {"properties": {"a": 1}},
        {"pattern": "("},
        {"pattern": "(?=a)b"},
        {"pattern": r"(a)\1"},
        {"pattern": "a{1000}{1000}{1000}"},
        {"$ref": "https://example.invalid/schema.json"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "#"},
        {"$ref": "#/$defs/none"},
        {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"$id": "https://example.invalid/", "type": "object"},
        {"$schema": "https://example.invalid/meta", "type": "object"},
        nested(20),
        {"description": "x" * 20_000},
    ],
)
def test_what_cannot_be_used_is_said(template: Any) -> None:
    assert TEMPLATES.flaw(template)


def test_definitions_of_the_template_itself_can_be_used() -> None:
    template = {"$defs": {"phone": {"pattern": "^1"}}, "properties": {"phone": {"$ref": "#/$defs/phone"}}}
    assert TEMPLATES.flaw(template) is None
    assert TEMPLATES.problem(template, {"phone": "138"}) is None
    assert TEMPLATES.problem(template, {"phone": "238"})


@pytest.mark.parametrize(
    ("name", "account", "right"),
    [
        ("手机号", {"phone": "13800138000"}, True),
        ("手机号", {"phone": "12800138000"}, False),
        ("手机号", {"phone": "13800138000\n"}, False),
        ("手机号", {"phone": 13800138000}, False),
        ("手机号", {"phone": "13800138000", "more": 1}, False),
        ("手机号", {}, False),
        ("手机号", None, False),
        ("QQ号", {"qq": "10001"}, True),
        ("QQ号", {"qq": "00001"}, False),
        ("游戏ID+大区", {"gameId": "123456", "server": "苹果QQ"}, True),
        ("游戏ID+大区", {"gameId": "123456", "server": "火星"}, False),
        ("UID+服务器", {"uid": "123456789", "server": "官服"}, True),
    ],
)
def test_accounts(name: str, account: Any, right: bool) -> None:
    assert (TEMPLATES.problem(ACCOUNT_TEMPLATES[name], account) is None) is right


def test_a_problem_never_repeats_what_was_entered() -> None:
    said = TEMPLATES.problem(ACCOUNT_TEMPLATES["手机号"], {"phone": "99912345678"})
    assert said
    assert "99912345678" not in said


def test_a_hungry_pattern_takes_linear_time() -> None:
    template = {"type": "string", "pattern": "^(a+)+$"}
    assert TEMPLATES.flaw(template) is None
    began = time.monotonic()
    assert TEMPLATES.problem(template, "a" * 4_000 + "b")
    assert time.monotonic() - began < 20  # and not the age of the world, however busy the machine


def test_an_account_has_a_size() -> None:
    assert TEMPLATES.problem({}, "x" * 5_000)
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    assert TEMPLATES.problem({}, deep)
