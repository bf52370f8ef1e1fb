"""Reads a document's text: graphql-core's parser, without its look at every single character of a name."""

from __future__ import annotations

import re

from graphql import DocumentNode, Lexer, Source, SourceLocation, Token, TokenKind
from graphql.language.parser import Parser, nested_too_deeply_error

_PLAIN = re.compile(r"([ \t,\ufeff\n]*)(?:([_A-Za-z][_0-9A-Za-z]*)|(\.\.\.|[!$&()\[\]{}:=@|]))")
_PUNCTUATION: dict[str, TokenKind] = {
    kind.value: kind
    for kind in TokenKind
    if kind.value in {"...", "!", "$", "&", "(", ")", "[", "]", "{", "}", ":", "=", "@", "|"}
}


class Text(Source):
    """A document's text that finds a line without a step for each line before it."""

    def get_location(self, position: int) -> SourceLocation:
        """Line and column of a character, both counted from 1."""
        body = self.body
        until = position - 1 if body[position - 1 : position + 1] == "\r\n" else position
        returns = body.count("\r", 0, until)
        pairs = body.count("\r\n", 0, until) if returns else 0
        ends = body.count("\n", 0, until) + returns - pairs
        start = max(body.rfind("\n", 0, until), body.rfind("\r", 0, until)) + 1
        return SourceLocation(ends + 1, position + 1 - start)


class QuickLexer(Lexer):
    """Finds names and punctuation, which are most of a document, by one regular expression."""

    def read_next_token(self, start: int) -> Token:
        """The token at a position or after it; graphql-core reads whatever is rare, and all that is wrong."""
        found = _PLAIN.match(self.source.body, start)
        if found is None:
            return super().read_next_token(start)
        ignored, name, sign = found.groups()
        end = found.end()
        if "\n" in ignored:
            self.line += ignored.count("\n")
            self.line_start = start + ignored.rindex("\n") + 1
        at = start + len(ignored)
        kind = _PUNCTUATION[sign] if name is None else TokenKind.NAME
        return Token(kind, at, end, self.line, 1 + at - self.line_start, name)


def parsed(text: str, most: int) -> DocumentNode:
    """The document of a text with at most so many tokens and so many comments; else GraphQLSyntaxError."""
    source = Text(text)
    parser = Parser(source, max_lexical_tokens=most, max_comments=most, lexer=QuickLexer(source))
    try:
        return parser.parse_document()
    except RecursionError:
        pass
    raise nested_too_deeply_error(parser)
