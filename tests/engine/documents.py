"""Random documents over any schema: aliases, fragments, variables, @skip, @include and arguments."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_interface_type,
    is_leaf_type,
)
from graphql.type import is_required_argument, is_required_input_field

Words = Mapping[str, Callable[[random.Random], Any]]
"""What to say for an argument or input field, by its name."""
SKIPPED = ("__schema", "__type")
FLAGS = {"yes": "Boolean! = true", "no": "Boolean!", "maybe": "Boolean = false"}


@dataclass(frozen=True, slots=True)
class Made:
    """A document with its variables."""

    text: str
    variables: dict[str, Any]


@dataclass(slots=True)
class DocumentMaker:
    """Makes one document after another from a seed."""

    schema: GraphQLSchema
    random: random.Random
    words: Words
    depth: int = 5
    roots: frozenset[str] = frozenset()
    """The root fields to choose from; empty for all."""
    _fragments: list[tuple[str, str]] = field(default_factory=list)
    _declared: dict[str, str] = field(default_factory=dict)
    _given: dict[str, Any] = field(default_factory=dict)
    _aliases: int = 0

    def make(self, kind: str = "query") -> Made:
        """A document, most often valid."""
        self._fragments, self._declared, self._given = [], {}, {}
        root = {
            "query": self.schema.query_type,
            "mutation": self.schema.mutation_type,
            "subscription": self.schema.subscription_type,
        }[kind]
        assert root is not None
        if kind == "subscription":
            body = "{" + self._field(root, self._chosen(root), 0) + "}"
        else:
            body = self._selection(root, 0)
        declared = ", ".join(f"${name}: {kind_of}" for name, kind_of in self._declared.items())
        parts = [f"{kind} Fuzz{f'({declared})' if declared else ''} {body}"]
        text = " ".join([*parts, *(fragment for _, fragment in self._fragments)])
        return Made(text, self._given)

    def _selection(self, type_: GraphQLNamedType, depth: int) -> str:
        parts = [self._part(type_, depth) for _ in range(self.random.randint(1, 6 if depth else 3))]
        return "{" + " ".join(parts) + "}"

    def _part(self, type_: GraphQLNamedType, depth: int) -> str:
        dice = self.random.random()
        if dice < 0.08:
            return self.random.choice(("__typename", "kind_: __typename"))
        if dice < 0.18 and 0 < depth < self.depth:
            on = self._condition(type_)
            head = f"...{f' on {on.name}' if on is not type_ or dice < 0.13 else ''}{self._directive()}"
            return f"{head} {self._selection(on, depth + 1)}"
        if dice < 0.3 and 0 < depth < self.depth:
            return f"...{self._fragment(self._condition(type_), depth)}{self._directive()}"
        if not getattr(type_, "fields", None):  # a union
            on = self._condition(type_)
            return f"... on {on.name} {self._selection(on, depth + 1)}"
        return self._field(type_, self._chosen(type_), depth)

    def _chosen(self, type_: Any) -> str:
        names: list[str] = [name for name in type_.fields if name not in SKIPPED]
        if type_ is self.schema.query_type and self.roots:
            names = sorted(self.roots)
        return self.random.choice(names)

    def _condition(self, type_: GraphQLNamedType) -> GraphQLNamedType:
        """A type that may stand in a fragment here."""
        if is_abstract_type(type_):
            possible = list(self.schema.get_possible_types(type_))
            liked = [one for one in possible if one.name in self.words] or possible
            choice: GraphQLNamedType = self.random.choice([*liked, *([type_] * is_interface_type(type_))])
            return choice
        interfaces = list(getattr(type_, "interfaces", ()))
        return self.random.choice(interfaces) if interfaces and self.random.random() < 0.2 else type_

    def _fragment(self, type_: GraphQLNamedType, depth: int) -> str:
        known = [name for name, text in self._fragments if f" on {type_.name} " in text[:60]]
        if known and self.random.random() < 0.4:
            return self.random.choice(known)
        body = self._selection(type_, depth + 1)
        name = f"F{len(self._fragments)}"
        self._fragments.append((name, f"fragment {name} on {type_.name} {body}"))
        return name

    def _field(self, type_: Any, name: str, depth: int) -> str:
        definition = type_.fields[name]
        below = get_named_type(definition.type)
        if depth >= self.depth and not is_leaf_type(below):
            return "__typename"
        arguments = self._arguments(definition.args)
        alias = ""
        if definition.args or self.random.random() < 0.25:
            self._aliases += 1
            alias = f"a{self._aliases}_{name}: "
        selection = "" if is_leaf_type(below) else f" {self._selection(below, depth + 1)}"
        return f"{alias}{name}{arguments}{self._directive()}{selection}"

    def _directive(self) -> str:
        if self.random.random() < 0.85:
            return ""
        said = self.random.choice(("true", "false", "$yes", "$no", "$maybe"))
        if said.startswith("$"):
            self._declared[said[1:]] = FLAGS[said[1:]]
            if said == "$no":
                self._given.setdefault("no", self.random.random() < 0.3)
            if said == "$maybe" and self.random.random() < 0.05:
                self._given["maybe"] = self.random.choice((None, True))
        return f" @{self.random.choice(('skip', 'include'))}(if: {said})"

    def _arguments(self, arguments: Mapping[str, GraphQLArgument]) -> str:
        said = []
        for name, argument in arguments.items():
            required = is_required_argument(argument)
            if required or self.random.random() < 0.5:
                said.append(f"{name}: {self._value(name, argument.type, 0)}")
        return f"({', '.join(said)})" if said else ""

    def _value(self, name: str, type_: GraphQLInputType, depth: int) -> str:
        if self.random.random() < 0.35:
            return self._variable(name, type_, depth)
        return _literal(self._plain(name, type_, depth))

    def _variable(self, name: str, type_: GraphQLInputType, depth: int) -> str:
        variable = f"v{len(self._declared)}"
        dice = self.random.random()
        nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if dice < 0.3:
            self._declared[variable] = f"{nullable} = {_literal(self._plain(name, nullable, 9))}"
        else:
            self._declared[variable] = str(type_)
        if dice > 0.15:
            given = self._plain(name, type_, depth)
            self._given[variable] = None if self.random.random() < 0.1 else _json(given)
        return f"${variable}"

    def _plain(self, name: str, type_: GraphQLInputType, depth: int) -> Any:
        """A value as a Python object; enums and inner literals as `_Said`."""
        if isinstance(type_, GraphQLNonNull):
            return self._plain(name, type_.of_type, depth)
        if depth and self.random.random() < 0.05:
            return None
        if isinstance(type_, GraphQLList):
            return [self._plain(name, type_.of_type, depth + 1) for _ in range(self.random.randint(0, 2))]
        if isinstance(type_, GraphQLInputObjectType):
            return self._input(type_, depth)
        if name in self.words and self.random.random() < 0.9:
            return self.words[name](self.random)
        if isinstance(type_, GraphQLEnumType):
            return _Said(self.random.choice(list(type_.values)))
        scalars: dict[str, Any] = {
            "Int": self.random.randint(0, 5), "Boolean": self.random.random() < 0.5, "Float": 1.5,
            "JSON": {"a": [1, None, {"b": "c"}]}, "DateTime": "2026-01-01T00:00:00+00:00",
        }  # fmt: skip
        return scalars.get(type_.name, self.random.choice(("x", 'ż"\\\n', "")))

    def _input(self, type_: GraphQLInputObjectType, depth: int) -> Any:
        found = {}
        for name, wanted in type_.fields.items():
            required = is_required_input_field(wanted)
            nested = isinstance(get_named_type(wanted.type), GraphQLInputObjectType)
            if required or (self.random.random() < 0.5 and not (nested and depth > 1)):
                if depth < 9 and self.random.random() < 0.2:
                    found[name] = _Said(self._variable(name, wanted.type, 9))
                else:
                    found[name] = self._plain(name, wanted.type, max(depth, 1) + nested)
        return found


class _Said(str):
    """An enum's value or a variable: written without quotes."""

    __slots__ = ()


def _literal(value: Any) -> str:
    if isinstance(value, _Said):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_literal(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return orjson.dumps(value).decode()


def _json(value: Any) -> Any:
    """A value for the request's variables: what is itself a variable there stays a word, and is wrong."""
    if isinstance(value, dict):
        return {name: _json(one) for name, one in value.items() if not str(one).startswith("$")}
    if isinstance(value, list):
        return [_json(one) for one in value]
    return str(value) if isinstance(value, _Said) else value
