"""Documents made ready once: parsed, measured, validated, and kept while they are in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    IntValueNode,
    OperationDefinitionNode,
)

from schema.engine.cost import affordable
from schema.engine.limits import DocumentLimits
from schema.engine.measure import DocumentMeasure, Measured
from schema.engine.reading import parsed
from schema.engine.refused import refusal, refused_document
from schema.engine.roots import introspects
from schema.engine.validation import Validation
from schema.engine.variables import SimpleVariables


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, with what it asks for."""

    node: OperationDefinitionNode
    measured: Measured
    defaults: Mapping[str, int]
    """Whole numbers that the document gives its variables."""
    variables: SimpleVariables
    introspects: bool = False
    """Whether it asks about the schema, and for nothing else."""
    kind: str = field(init=False)
    """query, mutation or subscription."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", str(self.node.operation.value))

    @property
    def name(self) -> str | None:
        """The operation's own name."""
        return self.node.name.value if self.node.name else None


@dataclass(frozen=True, slots=True)
class ReadyDocument:
    """A valid document; one object per text while it is cached, so that plans can be kept beside it."""

    text: str
    node: DocumentNode
    measure: DocumentMeasure
    operations: tuple[Operation, ...]
    fragments: Mapping[str, FragmentDefinitionNode]

    def operation(self, name: str | None) -> Operation:
        """The operation that a request means; refused when it is not said or not there."""
        if name is None:
            if len(self.operations) == 1:
                return self.operations[0]
            raise refusal(
                "BAD_REQUEST",
                f"The document has {len(self.operations)} operations: say which with 'operationName'.",
                document=True,
            )
        for operation in self.operations:
            if operation.name == name:
                return operation
        known = ", ".join(o.name for o in self.operations if o.name) or "none"
        raise refusal("BAD_REQUEST", f"Unknown operation '{name}'; the document has: {known}.", document=True)

    def cost(self, operation: Operation, variables: Mapping[str, Any]) -> int:
        """What the operation may cost with these variables, in objects."""
        given = {**operation.defaults, **variables} if operation.defaults else variables
        return self.measure.program.run(operation.measured.own, given)


class Documents:
    """A bounded cache from a document's text to the document made ready."""

    def __init__(self, schema: GraphQLSchema, limits: DocumentLimits, *, introspection: bool) -> None:
        self._schema = schema
        self._limits = limits
        self._validation = Validation(schema, introspection=introspection)
        self.made = 0
        """Texts that were parsed, measured and validated so far, or refused on the way."""
        self._ready: OrderedDict[str, ReadyDocument] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ready)

    def forget(self) -> None:
        """Make every document ready anew."""
        self._ready.clear()

    def get(
        self, text: str, name: str | None = None, variables: Mapping[str, Any] | None = None
    ) -> ReadyDocument:
        """The document of a text; RequestRefused when it cannot be run.

        With an operation's name and variables, what costs too much is refused before it is validated.
        """
        ready = self._ready.get(text)
        if ready is not None:
            self._ready.move_to_end(text)
            return ready
        self.made += 1
        ready = self._make(text, name, variables or {})
        self._ready[text] = ready
        if len(self._ready) > self._limits.cached_documents:
            self._ready.popitem(last=False)
        return ready

    def _make(self, text: str, name: str | None, variables: Mapping[str, Any]) -> ReadyDocument:
        document, limits = self._parse(text), self._limits
        measure = DocumentMeasure(self._schema, document, limits)
        nodes = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        if len(nodes) > limits.max_operations:
            raise _too_many("TOO_MANY_DEFINITIONS", "operations", len(nodes), limits.max_operations)
        measured = [self._measured(measure, node) for node in nodes]
        fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        if len(fragments) > limits.max_fragments:
            raise _too_many("TOO_MANY_FRAGMENTS", "fragments", len(fragments), limits.max_fragments)
        for node, found in zip(nodes, measured, strict=True):
            if name is None or (node.name is not None and node.name.value == name):
                affordable(
                    measure.program.run(found.own, {**_whole_defaults(node), **variables}), limits.max_cost
                )
        self._validation.check(document)
        if not nodes:
            raise refusal("BAD_REQUEST", "The document has no operation to run.", document=True)
        operations = tuple(
            Operation(
                node,
                found,
                _whole_defaults(node),
                SimpleVariables(self._schema, node),
                introspects(node, fragments),
            )
            for node, found in zip(nodes, measured, strict=True)
        )
        return ReadyDocument(text, document, measure, operations, fragments)

    def _parse(self, text: str) -> DocumentNode:
        limits = self._limits
        if len(text) > limits.max_length:
            raise _too_many("DOCUMENT_TOO_LONG", "characters", len(text), limits.max_length)
        try:
            document = parsed(text, limits.max_tokens)
        except GraphQLSyntaxError as error:
            if "Document contains more than" in error.message:
                raise _too_many("TOO_MANY_TOKENS", "tokens or comments", None, limits.max_tokens) from None
            raise refused_document("GRAPHQL_PARSE_FAILED", [error]) from None
        if "\x00" in text or "\\u" in text:
            _refuse_nul(document)
        return document

    def _measured(self, measure: DocumentMeasure, node: OperationDefinitionNode) -> Measured:
        measured, limits = measure.operation(node), self._limits
        if measured.depth > limits.max_depth:
            raise _too_many("TOO_DEEP", "levels of fields", measured.depth, limits.max_depth)
        if measured.aliases > limits.max_aliases:
            raise _too_many("TOO_MANY_ALIASES", "aliases", measured.aliases, limits.max_aliases)
        if measured.fields > limits.max_root_fields:
            raise _too_many("TOO_MANY_ROOT_FIELDS", "root fields", measured.fields, limits.max_root_fields)
        return measured


def _refuse_nul(document: DocumentNode) -> None:
    token = document.loc.start_token if document.loc else None
    while token is not None:
        if token.value is not None and "\x00" in token.value:
            message = "The document holds a NUL character, which no text here may have."
            raise refusal("BAD_REQUEST", message, document=True)
        token = token.next


def _too_many(code: str, what: str, asked: int | None, limit: int) -> Exception:
    # A number of more than 15 digits tells nobody anything, and JSON readers would round it.
    shown = None if asked is None or asked > 10**15 else asked
    has = f"{shown} {what}" if shown is not None else f"too many {what}"
    facts: dict[str, Any] = {"limit": limit} | ({"asked": shown} if shown is not None else {})
    message = f"The document has {has}, and at most {limit} are allowed: split it into smaller requests."
    return refusal(code, message, document=True, **facts)


def _whole_defaults(node: OperationDefinitionNode) -> dict[str, Any]:
    return {
        d.variable.name.value: int(d.default_value.value[:12])
        for d in node.variable_definitions or ()
        if isinstance(d.default_value, IntValueNode)
    }
