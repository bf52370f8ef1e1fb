"""What the pages show is what happens: each page is one story, told to a server over the demo of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from persistence.settings import Settings, environment_name
from server import cli
from tests.docs.likeness import Known
from tests.docs.pages import DOCS, blocks_of, steps_of
from tests.docs.story import Story
from tests.fixtures.demo import Home

ROOT = DOCS.parent
STORIES = (
    "mini-program.md",
    "agent-storefront.md",
    "welfare-portal.md",
    "live-stream-shop.md",
    "back-office.md",
    "refund-desk.md",
    "promotions.md",
)
KIND_PAGE = DOCS / "add-a-product-kind.md"
WITH_PLANTED_KINDS = """
import sys, pytest
import domain.catalog
domain.catalog.__path__.insert(0, sys.argv[1])
asked = "tests/contracts/test_product_kinds.py"
left_out = ["--deselect", asked + "::test_the_seven_kinds_are_there"]
sys.exit(pytest.main([asked, *left_out, "-n0", "-vv", "-p", "no:cacheprovider"]))
"""


@pytest.mark.parametrize("page", STORIES)
def test_a_page_tells_the_truth(demo_home: Home, page: str) -> None:
    with demo_home.copied() as home, home.served() as demo:
        Story(demo, page).tell(steps_of(DOCS / page))


def test_every_page_with_an_operation_is_executed() -> None:
    shown = {
        path.name
        for path in DOCS.glob("*.md")
        if any(block.kind == "graphql" for block in blocks_of(path.read_text("utf-8")))
    }
    assert shown == set(STORIES)


def test_the_kind_of_the_page_answers_what_every_kind_is_asked(tmp_path: Path) -> None:
    (example,) = [block for block in blocks_of(KIND_PAGE.read_text("utf-8")) if block.kind == "python"]
    kinds = tmp_path / "kinds"
    kinds.mkdir()
    for file in (ROOT / "domain" / "catalog" / "kinds").glob("*.py"):
        (kinds / file.name).write_text(file.read_text("utf-8"), "utf-8")
    name = Path(example.said["title"]).name
    assert not (kinds / name).exists()
    (kinds / name).write_text(example.text, "utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    asked = subprocess.run(
        [sys.executable, "-c", WITH_PLANTED_KINDS, str(tmp_path)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stdout
    code = name.removesuffix(".py").upper()
    assert f"test_a_kind_describes_itself[{code}] PASSED" in asked.stdout
    assert f"[{code}] FAILED" not in asked.stdout


def test_the_metrics_that_the_pages_name_are_counted(demo_home: Home) -> None:
    named = set(re.findall(r"`(quanyi_[a-z_]+)", (DOCS / "operations.md").read_text("utf-8"))) - {
        "quanyi_app"
    }
    with demo_home.copied() as home, home.served() as demo:
        demo.ask("{ viewer { kind } }")
        counted = demo.http.get(demo.url.replace("/graphql", "/metrics")).text
    assert named
    assert {
        name for name in named if not re.search(rf"^{name}(_bucket|\{{| )", counted, re.MULTILINE)
    } == set()


def test_commands_and_settings_that_the_pages_name_exist() -> None:
    text = "\n".join(path.read_text("utf-8") for path in DOCS.glob("*.md"))
    commands = {
        command.name or str(command.callback.__name__)
        for command in cli.registered_commands
        if command.callback
    }
    assert set(re.findall(r"server\.py ([a-z-]+)", text)) <= {name.replace("_", "-") for name in commands}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", text)) <= targets
    known = {environment_name(field) for field in Settings.model_fields}
    assert set(re.findall(r"\bQUANYI_[A-Z_]+\b", text)) <= known | {"QUANYI_NEW_PASSWORD"}


@pytest.mark.parametrize(
    ("shown", "found", "said"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": 1}, {"a": 2}, [".a is 2, not 1"]),
        ({"a": True}, {"a": 1}, [".a is 1, not True"]),
        ({"a": 1}, {}, [".a is missing"]),
        ([1, "…"], [1, 2, 3], []),
        ([1], [1, 2], [" has 2 elements, not 1: [1, 2]"]),
        ("…", "anything", []),
        ("…", None, [" is null"]),
        (["$id", "$id"], ["x", "x"], []),
        (["$id", "$id"], ["x", "y"], ["[1] is 'y', not 'x'"]),
        ("$id", None, [" is None, not None"]),
    ],
)
def test_an_answer_is_compared_with_what_is_shown(shown: object, found: object, said: list[str]) -> None:
    assert Known().differences(shown, found) == said
