"""What an error may repeat of a request: names and kinds, never a value, which may be somebody's secret.

Clients log errors, and send them to places that no secret should reach. graphql-core quotes what it was
given; of its sentences those are kept that are known here, without the value. Any other becomes a plain one.
"""

from __future__ import annotations

import re

from graphql import GraphQLError, GraphQLSyntaxError, ObjectFieldNode, ValueNode, VariableNode

UNSAID = "The value is not right."

_TOKEN = re.compile(r"\b(Name|Int|Float|String|BlockString|Comment) '.*'", re.DOTALL)
_ESCAPE = re.compile(r"(Invalid \w+ escape sequence): .*", re.DOTALL)
_PLACE = re.compile(r"(?:Variable|Argument|Fragment variable) .*? has invalid value(?: at [\w.\[\]]+)?: ")
_ENUM = re.compile(r"Value .* does not exist in '(\w+)' enum\.( Did you mean [^?]*\?)?", re.DOTALL)
_KEPT = re.compile(
    r"""Expected\ value\ of\ type\ '[^']+'
        (?:\ to\ be\ an\ object
          |\ to\ include\ required\ field\ '\w+'
          |\ not\ to\ include\ unknown\ field\ '\w+'(?:\.\ Did\ you\ mean\ [^?]*\?)?)?
      | Expected\ (?:a\ )?value\ of\ non-null\ type\ '[^']+'\ (?:to\ be\ provided|not\ to\ be\ None)
      | Expected\ variable\ '\$\w+'\ provided\ to\ [^"]*\ (?:to\ provide\ a\ runtime\ value|not\ to\ be\ None)
      | Within\ OneOf\ Input\ Object\ type\ '\w+',\ [^'"]*
      | Enum\ '\w+'\ cannot\ represent\ non-(?:string|enum)\ value
      | \w+\ cannot\ represent\ (?:a\ )?(?:non[\ -][\w -]+\ )?value
      | Value\ cannot\ represent\ an?\ \w+
      | (?:A\ DateTime\ is\ written|Upload\ cannot\ be\ written)[^'"]*""",
    re.VERBOSE,
)


def without_values(error: GraphQLError) -> str:
    """The message of an error of graphql-core, with nothing in it that a client gave as a value."""
    message = error.message
    if isinstance(error, GraphQLSyntaxError):
        return _ESCAPE.sub(r"\1.", _TOKEN.sub(r"\1", message))
    place = _PLACE.match(message)
    if place is not None:
        return place[0] + _said(message[place.end() :])
    return _said(message) if _blames_value(error) else message


def _said(sentence: str) -> str:
    known = _ENUM.fullmatch(sentence)
    if known is not None:
        return f"The value does not exist in '{known[1]}' enum.{known[2] or ''}"
    kept = _KEPT.match(sentence)
    if kept is None:
        return UNSAID
    return kept[0] if kept[0].endswith((".", "?")) else f"{kept[0]}."


def _blames_value(error: GraphQLError) -> bool:
    """Whether it is about a literal; a variable in its place is a name."""
    node = error.nodes[0] if error.nodes else None
    return isinstance(node, ValueNode | ObjectFieldNode) and not isinstance(node, VariableNode)
