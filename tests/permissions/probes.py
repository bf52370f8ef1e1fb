"""One document that asks for everything: each object by `node`, and by each query that takes its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson
from graphql import GraphQLSchema, get_named_type, is_required_argument

from schema.engine.limits import DocumentLimits
from tests.permissions.picks import Pick, Picker
from tests.permissions.story import Story
from tests.permissions.things import OWNERSHIP, Thing, Things, unknown_like

NAMED: dict[str, tuple[str, Callable[[Thing], str]]] = {
    "code": ("Channel", lambda thing: str(thing.name)),
    "slug": ("Product", lambda thing: str(thing.name)),
    "sku": ("Variant", lambda thing: str(thing.name)),
}
"""Arguments that name an object by something else than its id."""
SECRET = "secret"
WITH_CLOCK = frozenset({"quote"})
"""Queries that answer the time of day: two answers are never the same, so they have tests of their own."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A question for one object, or for a list."""

    alias: str
    pick: Pick
    picks: tuple[Pick, ...]
    argument: str = ""
    kind: str = ""
    thing: Thing | None = None
    said: str = ""
    unsaid: str = ""
    """The same argument for an object that was never issued."""

    @property
    def text(self) -> str:
        """The question in a document."""
        inner = " ".join(pick.text for pick in self.picks)
        if self.pick.name == "node":
            assert self.thing is not None
            inner = f"__typename ... on {self.thing.type} {{ {inner} }}"
        page = "(first: 100)" if "first" in self.pick.field.args else ""
        asked = f"({self.argument}: ${self.alias})" if self.argument else page
        return f"{self.alias}: {self.pick.name}{asked} {{ {inner} }}"


@dataclass(frozen=True, slots=True)
class Part:
    """As many questions as fit into one document."""

    probes: tuple[Probe, ...]

    @property
    def document(self) -> str:
        """The questions, with what they are about as variables, so that everybody sends the same text."""
        declared = " ".join(f"${one.alias}: {one.kind}" for one in self.probes if one.argument)
        asked = " ".join(one.text for one in self.probes)
        return f"query ({declared}) {{ {asked} }}" if declared else f"{{ {asked} }}"

    def body(self, unsaid: Callable[[Probe], bool]) -> bytes:
        """The request; `unsaid` tells for which probes to name what was never issued."""
        variables = {
            one.alias: one.unsaid if unsaid(one) else one.said for one in self.probes if one.argument
        }
        return orjson.dumps({"query": self.document, "variables": variables})


class Survey:
    """Everything that can be asked."""

    def __init__(self, schema: GraphQLSchema, story: Story, things: Things) -> None:
        self._schema, self._story, self._things = schema, story, things
        self._picker = Picker(schema)
        probes = [*self._by_node(), *self._by_query()]
        at_once = DocumentLimits().max_root_fields
        self.parts = [Part(tuple(probes[at : at + at_once])) for at in range(0, len(probes), at_once)]

    @property
    def probes(self) -> list[Probe]:
        """All questions."""
        return [probe for part in self.parts for probe in part.probes]

    def _by_node(self) -> Iterator[Probe]:
        node = self._picker.root("node")
        for type_ in OWNERSHIP:
            picks = self._picker.of(self._schema.type_map[type_])
            for at, thing in enumerate(self._things.sample(type_)):
                alias = f"node_{type_}_{at}"
                unknown = unknown_like(thing).text
                yield Probe(alias, node, picks, "id", "ID!", thing, thing.text, unknown)

    def _by_query(self) -> Iterator[Probe]:
        assert self._schema.query_type is not None
        for name, found in self._schema.query_type.fields.items():
            if name == "node" or name in WITH_CLOCK:
                continue
            pick = self._picker.root(name)
            required = [key for key, said in found.args.items() if is_required_argument(said)]
            if not required:
                yield Probe(name, pick, pick.below)
                continue
            (argument,) = required
            kind = str(found.args[argument].type)
            for at, (thing, said, unsaid) in enumerate(self._asked(argument, pick)):
                alias = f"{name}_{at}"
                yield Probe(alias, pick, pick.below, argument, kind, thing, said, unsaid)

    def _asked(self, argument: str, pick: Pick) -> Iterator[tuple[Thing, str, str]]:
        if argument == "id":
            for thing in self._things.sample(get_named_type(pick.field.type).name):
                yield thing, thing.text, unknown_like(thing).text
        elif argument == SECRET:
            for text, secret in self._story.secrets.items():
                yield self._things.by_text[text], secret, "0" * len(secret)
        else:
            type_, name = NAMED[argument]
            for thing in self._things.sample(type_):
                yield thing, name(thing), name(unknown_like(thing))
