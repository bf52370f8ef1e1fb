"""The import contracts hold here, and each is seen to break where one forbidden import is planted."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.rules import ROOT

PACKAGES = ("resolvers", "subscriptions", "persistence", "schema", "domain")
CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
PLANTED = [
    ("direction", "domain", "schema"),
    ("direction", "domain", "persistence"),
    ("direction", "schema", "resolvers"),
    ("direction", "schema", "persistence"),
    ("direction", "resolvers", "persistence"),
    ("direction", "resolvers", "subscriptions"),
    ("direction", "subscriptions", "persistence"),
    ("direction", "persistence", "resolvers"),
    ("nobody-imports-server", "domain", "server"),
    ("nobody-imports-server", "persistence", "server"),
    ("nobody-imports-server", "schema", "tests"),
    ("persistence-without-schema", "persistence", "schema"),
    ("persistence-without-schema", "persistence", "strawberry"),
    ("pure-domain", "domain", "asyncpg"),
    ("schema-is-nouns", "schema", "sqlalchemy"),
    ("storage-in-persistence", "resolvers", "redis"),
    ("storage-in-persistence", "subscriptions", "asyncpg"),
]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A repository of empty packages under our contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "server.py").write_text("".join(f"import {package}\n" for package in PACKAGES))
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a repository."""
    program = str(Path(sys.executable).with_name("lint-imports"))
    environment = {**os.environ, "PYTHONPATH": str(house), "COLUMNS": "200", "NO_COLOR": "1"}
    command = [program, "--no-cache"]
    return subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)


def test_empty_packages_break_no_contract(house: Path) -> None:
    result = lint(house)
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("KEPT") == len(CONTRACTS)


@pytest.mark.parametrize(("contract", "importer", "imported"), PLANTED)
def test_a_planted_import_breaks_its_contract(
    house: Path, contract: str, importer: str, imported: str
) -> None:
    (house / importer / "planted.py").write_text(f"import {imported}\n")
    result = lint(house)
    assert result.returncode == 1
    assert f"{CONTRACTS[contract]} BROKEN" in result.stdout


def test_every_contract_has_a_planted_case() -> None:
    assert {contract for contract, _, _ in PLANTED} == set(CONTRACTS)
