"""The rules that a parser can check; each takes one file and tells what is wrong with it, line by line."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
BANNED_WORDS = frozenset(
    {"service", "services", "manager", "managers", "helper", "helpers", "util", "utils", "common", "misc"}
)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")  # guard: the words themselves
PURE = {
    "domain": frozenset({"domain"}),
    # The engine lives in the schema: it batches levels, writes answers and logs faults.
    "schema": frozenset(
        {"schema", "domain", "strawberry", "graphql", "aiodataloader", "orjson", "structlog"}
    ),
}


@dataclass(frozen=True)
class Source:
    """One Python file: where it stands in the repository, and what it says."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @property
    def area(self) -> str:
        """The folder at the top level, or the file's own name."""
        return self.path.split("/", 1)[0]

    @property
    def is_generated(self) -> bool:
        """A migration is history: it is long because it may not be rewritten."""
        return self.path.startswith("persistence/migrations/versions/")


@dataclass(frozen=True)
class Finding:
    """What is wrong, and where."""

    path: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


Rule = Callable[[Source], Iterator[Finding]]


@cache
def sources() -> list[Source]:
    """Every Python file of the repository that git does not ignore, read and parsed once for all rules."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [Source(path, (ROOT / path).read_text()) for path in sorted(listed) if (ROOT / path).exists()]


def files_are_short(source: Source) -> Iterator[Finding]:
    """A file has up to 300 lines."""
    lines = source.text.count("\n")
    if lines > LONGEST_FILE and not source.is_generated:
        yield Finding(source.path, LONGEST_FILE, f"{lines} lines; up to {LONGEST_FILE} are allowed")


def functions_are_short(source: Source) -> Iterator[Finding]:
    """A function has up to 40 lines, its docstring included."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not source.is_generated:
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield Finding(
                    source.path, node.lineno, f"{node.name} has {lines} lines, over {LONGEST_FUNCTION}"
                )


def modules_say_why(source: Source) -> Iterator[Finding]:
    """A module opens with a sentence."""
    first = (ast.get_docstring(source.tree) or "").split("\n\n")[0].strip()
    if not first:
        yield Finding(source.path, 1, "the module does not say why it exists")
    elif first[-1] not in ".:?!":
        yield Finding(source.path, 1, "the module's first words are not a sentence")


def names_say_something(source: Source) -> Iterator[Finding]:
    """No module or class carries a name that would fit any other as well."""
    for part in source.path.removesuffix(".py").split("/"):
        if banned(part.lower().split("_")):
            yield Finding(source.path, 1, f"{part!r} is a name for anything")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and banned(words_of(node.name)):
            yield Finding(source.path, node.lineno, f"{node.name!r} is a name for anything")


def words_of(name: str) -> list[str]:
    """`["http", "service"]` of `HTTPService`."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]


def banned(words: list[str]) -> bool:
    """Whether a name says nothing. What a price is a percentage *of* is a base; a `BaseThing` is not."""
    return bool(BANNED_WORDS.intersection(words)) or words[:1] == ["base"]


def floats_are_seconds(source: Source) -> Iterator[Finding]:
    """A float is a duration, named `…_s`; amounts and rates are integers. Analytics may divide."""
    if "analytics" in source.path or source.area in ("tests", "benchmarks"):
        return
    for name, annotation, line in annotations(source.tree):
        mentioned = any(isinstance(part, ast.Name) and part.id == "float" for part in ast.walk(annotation))
        if mentioned and not name.lower().endswith("_s"):
            yield Finding(source.path, line, f"{name} is a float, and not a duration in seconds")


def annotations(tree: ast.Module) -> Iterator[tuple[str, ast.expr, int]]:
    """Every annotated name, with its annotation and line; a function stands for what it returns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            target = node.target
            name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
            yield name, node.annotation, node.lineno
        elif isinstance(node, ast.arg) and node.annotation:
            yield node.arg, node.annotation, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            yield node.name, node.returns, node.lineno


def nothing_is_unfinished(source: Source) -> Iterator[Finding]:
    """Work that is left is in the tracker, not in the code."""
    noted = UNFINISHED.search(source.text) is not None
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline) if noted else ():
        if (
            token.type == tokenize.COMMENT
            and UNFINISHED.search(token.string)
            and "guard:" not in token.string
        ):
            yield Finding(source.path, token.start[0], "a note of unfinished work")
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Raise)
            and node.exc
            and ast.unparse(node.exc).startswith("NotImplementedError")
        ):
            yield Finding(source.path, node.lineno, "something is not implemented")


def tests_run_for_real(source: Source) -> Iterator[Finding]:
    """No test is skipped, expected to fail, or runs against a patched part of ours."""
    avoided = {"skip", "skipif", "xfail", "importorskip"}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in avoided and "pytest" in ast.unparse(node.value):
            yield Finding(source.path, node.lineno, f"a test is not run: {node.attr}")
        if isinstance(node, ast.Attribute) and node.attr == "setattr" and named(node.value, "monkeypatch"):
            yield Finding(source.path, node.lineno, "something is patched")
    for module, line in imported(source.tree):
        if module in ("unittest.mock", "mock", "pytest_mock"):
            yield Finding(source.path, line, "something is mocked")


def named(node: ast.expr, name: str) -> bool:
    """Whether an expression is that bare name."""
    return isinstance(node, ast.Name) and node.id == name


def pure_layers_stay_pure(source: Source) -> Iterator[Finding]:
    """The domain knows the standard library only, the schema also what executes GraphQL."""
    allowed = PURE.get(source.area)
    if allowed is None:
        return
    for module, line in imported(source.tree):
        top = module.split(".")[0]
        if top not in allowed and top not in sys.stdlib_module_names:
            yield Finding(source.path, line, f"{source.area} imports {module}")


def imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every imported module by its full name, wherever in the file it is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


RULES: tuple[Rule, ...] = (
    files_are_short,
    functions_are_short,
    modules_say_why,
    names_say_something,
    floats_are_seconds,
    nothing_is_unfinished,
    tests_run_for_real,
    pure_layers_stay_pure,
)
