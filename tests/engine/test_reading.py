"""Documents are read as graphql-core reads them: the same tokens, the same places, the same mistakes."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLSyntaxError,
    Lexer,
    OperationDefinitionNode,
    Source,
    TokenKind,
    TypeInfo,
    ValidationContext,
    parse,
)

from schema.engine.reading import QuickLexer, Text, parsed
from schema.engine.validation import BoundContext, Effort
from tests.engine.tiny import SCHEMA

PARTS = [
    *("name", "_x9", "Ünder", "...", "..", ".", ".5", "!", "$v", "&", "(", ")", "[", "]", "{", "}", ":"),
    *("=", "@", "|", "?", "-", "-1", "0.5e3", "01", "9x"),
    *('"text"', '"', '"""block\n\r\n text"""', '"""', "#note\n"),
    *(" ", "\t", ",", "\ufeff", "\n", "\r", "\r\n", "\n\n", " \n ", "\x00", "é"),
]  # fmt: skip


def read(lexer: Lexer) -> list[object]:
    """All tokens of a text, and the mistake that ends it."""
    told: list[object] = []
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            told.append((token.kind, token.start, token.end, token.line, token.column, token.value))
    except GraphQLSyntaxError as error:
        told.append((error.message, error.locations))
    return told


def test_tokens_and_mistakes_are_those_of_graphql_core() -> None:
    chance = random.Random(5)
    whole = 0
    for _ in range(3_000):
        text = "".join(chance.choice(PARTS) for _ in range(chance.randint(1, 12)))
        told = read(QuickLexer(Text(text)))
        assert told == read(Lexer(Source(text))), text
        whole += len(told) > 5
    assert whole > 100


@pytest.mark.parametrize("refused", ["{ a " * 6, "{ a } #\n#\n#\n#\n#\n#", "{ a" * 100_000])
def test_bounds_are_those_of_graphql_core(refused: str) -> None:
    def mistake(read: Callable[[], object]) -> str:
        with pytest.raises(GraphQLSyntaxError) as caught:
            read()
        return caught.value.message

    assert mistake(lambda: parsed(refused, 5)) == mistake(
        lambda: parse(refused, max_lexical_tokens=5, max_comments=5)
    )


def test_variables_are_found_wherever_they_stand() -> None:
    text = """query($a: Int! $b: Boolean! $c: JSON = {x: 1}) {
      hello(name: "$no") number(value: $a) alias: number(value: 1) @skip(if: $b)
      item { inner @include(if: $b) { many { name } } ... @skip(if: $b) { name }
             items(first: $a) { __typename } }
      json(value: {deep: [1, {deeper: [$c, "x"]}], none: {none: [TRUE false null]}}) ...Part @include(if: $b)
    } fragment Part on Query { json(value: $c) who }"""  # fmt: skip
    document, schema = parsed(text, 500), SCHEMA._schema
    ours = BoundContext(schema, document, TypeInfo(schema), Effort(), hide_suggestions=False)
    theirs = ValidationContext(schema, document, TypeInfo(schema), print)
    counted = []
    for node in document.definitions:
        assert isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
        assert ours.get_variable_usages(node) == theirs.get_variable_usages(node)
        counted.append(len(ours.get_variable_usages(node)))
    assert counted == [7, 1]
