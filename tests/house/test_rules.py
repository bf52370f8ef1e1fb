"""Every rule holds for every file, and every rule is seen to fail on a file that breaks it."""

import pytest

from tests.house import rules
from tests.house.rules import RULES, Rule, Source, sources

BROKEN: list[tuple[Rule, str, str]] = [
    (rules.files_are_short, "domain/a.py", '"""Why."""\n' + "x = 1\n" * 300),
    (rules.functions_are_short, "domain/a.py", '"""Why."""\ndef f() -> None:\n' + "    x = 1\n" * 40),
    (
        rules.functions_are_short,
        "domain/a.py",
        "class A:\n  async def f(self) -> None:\n" + "    x = 1\n" * 40,
    ),
    (rules.modules_say_why, "domain/a.py", "x = 1\n"),
    (rules.modules_say_why, "domain/a.py", '"""Things"""\n'),
    (rules.names_say_something, "domain/order_utils.py", ""),
    (rules.names_say_something, "domain/common/orders.py", ""),
    (rules.names_say_something, "domain/base.py", ""),
    (rules.names_say_something, "domain/a.py", "class OrderService: ..."),
    (rules.names_say_something, "domain/a.py", "class HTTPManager: ..."),
    (rules.names_say_something, "domain/a.py", "class BaseOrder: ..."),
    (rules.floats_are_seconds, "domain/a.py", "price: float = 1"),
    (rules.floats_are_seconds, "domain/a.py", "def f(rate: float | None) -> None: ..."),
    (rules.floats_are_seconds, "persistence/a.py", "def total() -> list[float]: ..."),
    (rules.nothing_is_unfinished, "domain/a.py", "x = 1  # " + "TODO later"),
    (rules.nothing_is_unfinished, "domain/a.py", "raise " + "NotImplementedError"),
    (rules.tests_run_for_real, "tests/a.py", "import pytest\npytest." + "skip('later')"),
    (rules.tests_run_for_real, "tests/a.py", "@pytest.mark." + "xfail\ndef test_a(): ..."),
    (rules.tests_run_for_real, "tests/a.py", "from unittest import mock"),
    (rules.tests_run_for_real, "tests/a.py", "from unittest.mock import patch"),
    (rules.tests_run_for_real, "tests/a.py", "monkeypatch." + "setattr(orders, 'place', None)"),
    (rules.pure_layers_stay_pure, "domain/a.py", "import yaml"),
    (rules.pure_layers_stay_pure, "domain/a.py", "def f():\n    from persistence import tables"),
    (rules.pure_layers_stay_pure, "schema/a.py", "from starlette.requests import Request"),
]

ALLOWED: list[tuple[Rule, str, str]] = [
    (rules.files_are_short, "domain/a.py", '"""Why."""\n' + "x = 1\n" * 299),
    (rules.files_are_short, "persistence/migrations/versions/a.py", "x = 1\n" * 900),
    (rules.functions_are_short, "domain/a.py", "def f() -> None:\n" + "    x = 1\n" * 39),
    (rules.names_say_something, "domain/a.py", "class PriceBase: ..."),
    (rules.names_say_something, "domain/database.py", "class Baseline: ..."),
    (rules.floats_are_seconds, "domain/a.py", "timeout_s: float = 1"),
    (rules.floats_are_seconds, "domain/analytics/a.py", "share: float = 1"),
    (rules.nothing_is_unfinished, "domain/a.py", "try: f()\nexcept NotImplementedError: ..."),
    (rules.tests_run_for_real, "tests/a.py", "monkeypatch.setenv('PORT', '1')"),
    (rules.pure_layers_stay_pure, "domain/a.py", "import decimal\nfrom domain.money import Money"),
    (rules.pure_layers_stay_pure, "schema/a.py", "import strawberry\nfrom graphql import print_schema"),
    (rules.pure_layers_stay_pure, "persistence/a.py", "import asyncpg"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: Rule) -> None:
    assert [str(finding) for source in sources() for finding in rule(source)] == []


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_a_file_that_breaks_the_rule_is_found(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text))) != []


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED)
def test_a_file_that_keeps_the_rule_passes(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(path, text))) == []


def test_every_rule_has_a_case_that_breaks_it() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(RULES)
