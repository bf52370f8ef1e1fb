"""From a tree to the source of its functions: `one_…` for an object, `all_…` for a level that is awaited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
)

from schema.engine.compiled import values
from schema.engine.compiled.inputs import Inputs
from schema.engine.compiled.reasons import NotPlannable
from schema.engine.compiled.selecting import Selecting
from schema.engine.compiled.shapes import function_name, is_inlined, level_statements, source_of
from schema.engine.compiled.sources import Kind, Source
from schema.engine.compiled.texts import Texts, remembers
from schema.engine.compiled.tree import Asked, Choice, Selection
from schema.refusals import Answer

_SIMPLE = {"String": "str", "ID": "str", "Boolean": "bool"}


class Writer:
    """Writes the module of one plan: `run(context, v, done, event)` answers the data."""

    def __init__(
        self,
        schema: strawberry.Schema,
        operation: OperationDefinitionNode,
        texts: Texts | None = None,
    ) -> None:
        self._schema, self._texts = schema, texts
        self._mutates = operation.operation is OperationType.MUTATION
        self.environment: dict[str, Any] = {
            "listed": values.listed, "off": values.off, "flat": values.flat, "filled": values.filled,
            "by_type": values.by_type, "once": values.once, "Answer": Answer,
        }  # fmt: skip
        if texts is not None:
            self.environment |= texts.environment
        self._inputs = Inputs(schema, operation, self._named)
        self._selecting = Selecting(self._named)
        self._kept: dict[tuple[object, ...], str] = {}
        self._locals = 0
        self._lines: list[str] = []

    def source(self, root: Selection) -> str:
        """The Python text."""
        tables: list[str] = []
        for selection in root.walk():
            self._write_one(selection) if not selection.waits else self._write_all(selection, root)
            below = (asked.below for asked in selection.fields)
            tables += [self._table(choice) for choice in below if isinstance(choice, Choice)]
        return "\n".join([*self._lines, *tables, *self._run(root)]) + "\n"

    def _remembers(self, selection: Selection) -> bool:
        return self._texts is not None and remembers(selection.type)

    def _run(self, root: Selection) -> list[str]:
        head = "async def run(c, v, done, event):"
        if root.waits:
            return [head, f"    return (await {function_name(root)}((event,), c, v, done))[0]"]
        return [head, f"    return {function_name(root)}(event, v)"]

    def _named(self, hint: str, value: Any) -> str:
        name = f"{hint}_{len(self.environment)}"
        self.environment[name] = value
        return name

    def _shared(self, hint: str, key: tuple[object, ...], make: Callable[[], Any]) -> str:
        name = self._kept.get(key)
        if name is None:
            name = self._kept[key] = self._named(hint, make())
        return name

    def _local(self) -> str:
        self._locals += 1
        return f"a{self._locals}"

    def _table(self, choice: Choice) -> str:
        options = ", ".join(
            f"{name!r}: ({option.waits}, {function_name(option)})" for name, option in choice.options.items()
        )
        return f"options_{choice.number} = {{{options}}}"

    # One object

    def _write_one(self, selection: Selection) -> None:
        lines = [f"def {function_name(selection)}(o, v):"]
        check = self._check(selection, "o")
        if check:
            lines.append(f"    {check}")
        plain = self._object(selection, "o", {})
        if self._remembers(selection):
            lines += [f"    if o.written is None: return {plain}", f"    return {self._text(selection, {})}"]
        else:
            lines.append(f"    return {plain}")
        self._lines += lines

    def _text(self, selection: Selection, awaited: dict[str, str]) -> str:
        """One object from the texts that it keeps, and those of its other fields."""
        assert self._texts is not None
        expression, lines = self._texts.of(
            selection, lambda asked: awaited.get(asked.key) or self._value(asked, "o")
        )
        self._lines += lines
        return expression

    def _check(self, selection: Selection, name: str) -> str:
        """A statement that leaves the plan for an object of another type."""
        type_ = selection.type
        if type_ in (
            self._schema._schema.query_type,
            self._schema._schema.mutation_type,
            self._schema._schema.subscription_type,
        ):
            return ""
        shown = values.shown_class(type_)
        check = values.type_check(type_, shown)
        if check is None:
            return f"if {name} is None: off('null {type_.name}')"
        called = self._shared(f"is_{type_.name}", ("check", type_.name), lambda: check)
        if shown is None:
            return f"{called}({name})"
        return f"if {name}.__class__ is not {self._class(shown)}: {called}({name})"

    def _class(self, shown: type) -> str:
        return self._shared(shown.__name__, ("class", shown), lambda: shown)

    def _object(self, selection: Selection, name: str, awaited: dict[str, str]) -> str:
        """The dict of one object; `awaited` names the locals of fields that are complete already."""
        items = []
        for asked in selection.fields:
            value = awaited[asked.key] if asked.key in awaited else self._value(asked, name)
            items.append(f"{asked.key!r}: {value}")
        return "{" + ", ".join(items) + "}"

    def _value(self, asked: Asked, name: str) -> str:
        """The completed value of a field that is not awaited."""
        if asked.denied is not None:
            return self._denied(asked)
        if asked.source is None:
            return repr(asked.type.name)  # type: ignore[union-attr]
        return self._complete(self._get(asked, name), asked.type, asked)

    def _denied(self, asked: Asked) -> str:
        """Null; but arguments that are wrong are told of before permissions that are missing."""
        self._inputs.fallible = False
        self._inputs.call(source_of(asked), asked.nodes[0])
        if self._inputs.fallible:
            raise NotPlannable("denied with arguments that may be wrong")
        return "None"

    def _get(self, asked: Asked, parent: str) -> str:
        source = source_of(asked)
        if source.kind is Kind.ATTRIBUTE:
            return f"{parent}.{source.name}"
        if source.kind is Kind.EVENT:
            return parent
        arguments = self._inputs.call(source, asked.nodes[0])
        if source.takes_parent:
            arguments.insert(0, parent)
        function = self._shared(source.name, ("function", source.function), lambda: source.function)
        return f"{function}({', '.join(arguments)})"

    def _complete(self, value: str, type_: GraphQLOutputType, asked: Asked, *, is_name: bool = False) -> str:
        """The completed value of an expression; `is_name` for one that costs nothing to repeat."""
        if isinstance(type_, GraphQLNonNull):
            return self._not_null(value, type_.of_type, asked, is_name=is_name, nonnull=True)
        return self._not_null(value, type_, asked, is_name=is_name, nonnull=False)

    def _not_null(
        self, value: str, type_: GraphQLOutputType, asked: Asked, *, is_name: bool, nonnull: bool
    ) -> str:
        if not isinstance(type_, GraphQLList) and asked.below is None:
            return self._leaf(value, get_named_type(type_), nonnull, is_name)  # type: ignore[arg-type]
        if nonnull:
            name = first = value
        else:
            name = value if is_name else self._local()
            first = value if is_name else f"({name} := {value})"
        if isinstance(type_, GraphQLList):
            item = self._complete("i", type_.of_type, asked, is_name=True)
            done = f"[{item} for i in listed({name})]"
        else:
            done = self._below(name, asked, is_name=is_name or not nonnull, in_list=is_name)
        return done if nonnull else f"(None if {first} is None else {done})"

    def _below(self, value: str, asked: Asked, *, is_name: bool, in_list: bool) -> str:
        below = asked.below
        if isinstance(below, Choice):
            name_of = self._name_of(below)
            name = value if is_name else self._local()
            first = value if is_name else f"({name} := {value})"
            return f"options_{below.number}[{name_of}({first})][1]({name}, v)"
        if below is None:
            raise AssertionError("a leaf has nothing below it")
        if in_list or not is_inlined(below) or self._remembers(below):
            return f"{function_name(below)}({value}, v)"
        name = value if is_name else self._local()
        first = value if is_name else f"({name} := {value})"
        shown = values.shown_class(below.type)
        if shown is None:
            return f"{function_name(below)}({value}, v)"
        dictionary = self._object(below, name, {})
        otherwise = f"{function_name(below)}({name}, v)"
        return f"({dictionary} if {first}.__class__ is {self._class(shown)} else {otherwise})"

    def _name_of(self, choice: Choice) -> str:
        key = ("name of", choice.type.name, choice.field_name)
        return self._shared(
            f"name_of_{choice.type.name}",
            key,
            lambda: values.type_name_of(choice.type, choice.field_name, self._schema._schema),
        )

    def _leaf(self, value: str, type_: GraphQLLeafType, nonnull: bool, is_name: bool) -> str:
        complete = self._shared(
            f"to_{type_.name}", ("leaf", type_.name, nonnull), lambda: values.completer(type_, nonnull)
        )
        name = value if is_name else self._local()
        first = value if is_name else f"({name} := {value})"
        if type_.name in _SIMPLE:
            return f"({name} if {first}.__class__ is {_SIMPLE[type_.name]} else {complete}({name}))"
        if type_.name == "Int":
            fits = f"{first}.__class__ is int and -2147483648 <= {name} <= 2147483647"
            return f"({name} if {fits} else {complete}({name}))"
        if isinstance(type_, GraphQLEnumType):
            names = self._shared("names", ("enum", type_.name), lambda: values.enum_names(type_))
            return f"({names}.get({first}) or {complete}({name}))"
        return f"{complete}({value})"

    # A level

    def _write_all(self, selection: Selection, root: Selection) -> None:
        is_root = selection is root
        head = f"async def {function_name(selection)}(xs, c, v{', done' if is_root else ''}):"
        body = [] if is_root else ["if not xs: return []"]
        check = self._check(selection, "o")
        if check:
            body += ["for o in xs:", f"    {check}"]
        awaited: dict[str, str] = {}
        for asked in selection.fields:
            if asked.waits:
                name = awaited[asked.key] = f"b{len(awaited)}"
                body += self._fetch(name, asked, source_of(asked))
                body += self._completed(name, asked)
        columns = "".join(f", {name}" for name in awaited.values())
        body += ["out = []", f"for o{columns} in zip(xs{columns}):"]
        plain = f"out.append({self._object(selection, 'o', awaited)})"
        if self._remembers(selection):
            kept = f"out.append({self._text(selection, awaited)})"
            body += [f"    if o.written is None: {plain}", f"    else: {kept}", "return out"]
        else:
            body += [f"    {plain}", "return out"]
        self._lines += [head, *(f"    {line}" for line in body)]

    def _fetch(self, name: str, asked: Asked, source: Source) -> list[str]:
        """Statements that put one raw value for each parent into a local."""
        if source.kind is Kind.EACH:
            return [f"{name} = [await {self._get(asked, 'o')} for o in xs]"]
        if not source.waits:
            return [f"{name} = [{self._get(asked, 'o')} for o in xs]"]
        arguments = [*self._inputs.call(source, asked.nodes[0]), *self._selecting.argument(asked)]
        function = self._shared(source.name, ("function", source.function), lambda: source.function)
        if source.kind is Kind.VERB:
            if not self._mutates:
                return [f"{name} = [await {function}({', '.join(['c', *arguments])})]"]
            answers = self._named("answers", source.answers)
            call = f"(c, dict({', '.join(arguments)}))"
            return [f"{name} = [await once(done, {asked.key!r}, {function}, {answers}, Answer, {call})]"]
        return [
            f"{name} = await {function}({', '.join(['xs', 'c', *arguments])})",
            f"if len({name}) != len(xs): off('{source.name} answered too few')",
        ]

    def _completed(self, name: str, asked: Asked) -> list[str]:
        """Statements that complete the values in a local, awaiting what is below."""
        below = asked.below
        if below is None or not below.waits:
            return [f"{name} = [{self._complete('i', asked.type, asked, is_name=True)} for i in {name}]"]
        if isinstance(below, Choice):
            answers = f"await by_type(objects, {self._name_of(below)}, options_{below.number}, c, v)"
        else:
            answers = f"await {function_name(below)}(objects, c, v)"
        return level_statements(name, asked.type, answers) or [
            "objects = []",
            f"shape = [flat(i, {self._named('type', asked.type)}, objects) for i in {name}]",
            f"objects = iter({answers})",
            f"{name} = [filled(i, objects) for i in shape]",
        ]
