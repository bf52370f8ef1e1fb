"""The top level stays as it was agreed, and the lock files name versions and hashes, never addresses."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.house.rules import ROOT

PACKAGES = frozenset({"domain", "schema", "resolvers", "persistence", "subscriptions", "tests", "benchmarks"})
TOP_LEVEL = PACKAGES | {
    *("server.py", "docs", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile"),
    *("requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt"),
    *("Dockerfile", "compose.yaml", ".dockerignore", ".gitignore", ".editorconfig", ".ci"),
}
LOCKS = ("requirements.txt", "requirements-dev.txt")
NODE_LOCK = ROOT / "tests" / "conformance" / "package-lock.json"
REQUIREMENT = re.compile(r"[a-z0-9][a-z0-9._-]*==\S+( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def strangers(paths: list[str]) -> set[str]:
    """What lies at the top level and was not agreed on."""
    return {path.split("/")[0] for path in paths} - TOP_LEVEL


def loose_lines(lock: str) -> list[str]:
    """Lines of a lock that are neither a pinned requirement nor one of its hashes."""
    return [
        line for line in lock.splitlines() if not REQUIREMENT.fullmatch(line) and not HASH.fullmatch(line)
    ]


def test_the_top_level_is_fixed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert strangers(listed.splitlines()) == set()


@pytest.mark.parametrize("path", ["app.py", "core/orders.py", "utils/__init__.py", ".env"])
def test_something_new_at_the_top_level_is_found(path: str) -> None:
    assert strangers(["server.py", path]) != set()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_pinned_versions_and_hashes_only(name: str) -> None:
    assert loose_lines((ROOT / name).read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.invalid/simple",
        "--find-links ./wheels",
        "thing @ https://example.invalid/thing.whl \\",
        "thing>=1",
        "-e .",
        "    # via other",
    ],
)
def test_an_address_or_a_loose_version_in_a_lock_is_found(line: str) -> None:
    assert loose_lines((ROOT / LOCKS[0]).read_text() + line + "\n") == [line]


def test_the_lock_of_node_packages_holds_versions_and_hashes_only() -> None:
    text = NODE_LOCK.read_text()
    assert "://" not in text
    packages = {path: said for path, said in json.loads(text)["packages"].items() if path}
    assert packages
    assert all(said["integrity"].startswith("sha512-") for said in packages.values())


def test_the_locks_agree() -> None:
    run, dev = (pins(ROOT / name) for name in LOCKS)
    assert run - dev == set()


def pins(lock: Path) -> set[str]:
    """The requirement lines of a lock."""
    return {line for line in lock.read_text().splitlines() if not line.startswith(" ")}
