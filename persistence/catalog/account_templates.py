"""Account templates: JSON Schemas written by headquarters, checked in linear time and without any network."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

_MOST_BYTES = 16_384
_DEEPEST = 16
_MOST_ACCOUNT_BYTES = 4_096
_LOCAL = ("#/$defs/", "#/definitions/")
_REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
_BASES = frozenset({"$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor"})


class SchemaTemplates:
    """Templates compiled once each."""

    def flaw(self, template: Any) -> str | None:
        """Why a template cannot be used, in a sentence; None when it can."""
        if not isinstance(template, dict):
            return "An account template is a JSON Schema: a JSON object."
        if _depth(template) > _DEEPEST or len(orjson.dumps(template)) > _MOST_BYTES:
            return f"An account template has at most {_MOST_BYTES} bytes and {_DEEPEST} levels."
        flaw = _reference_flaw(template, inside_definitions=False)
        if flaw is not None:
            return flaw
        try:
            jsonschema_rs.meta.validate(template)
            _compiled(orjson.dumps(template, option=orjson.OPT_SORT_KEYS))
        except jsonschema_rs.ValidationError as problem:
            return f"This is not a JSON Schema: {problem.message}"[:500]
        except (ValueError, jsonschema_rs.ReferencingError) as problem:
            return f"This JSON Schema cannot be used: {problem}"[:500]
        return None

    def problem(self, template: dict[str, Any], account: Any) -> str | None:
        """What is wrong with an account that was entered, never repeating it; None when nothing is."""
        try:
            if _depth(account) > _DEEPEST or len(orjson.dumps(account)) > _MOST_ACCOUNT_BYTES:
                return f"An account has at most {_MOST_ACCOUNT_BYTES} bytes."
        except TypeError:
            return "An account is a JSON value."
        validator = _compiled(orjson.dumps(template, option=orjson.OPT_SORT_KEYS))
        error = next(iter(validator.iter_errors(account)), None)
        if error is None:
            return None
        place = ".".join(str(step) for step in error.instance_path)
        return f"{place}: {error.message}" if place else str(error.message)


@lru_cache(maxsize=1024)
def _compiled(template: bytes) -> Any:
    return jsonschema_rs.validator_for(
        orjson.loads(template),
        validate_formats=True,
        offline=True,
        mask="what was entered",
        pattern_options=jsonschema_rs.RegexOptions(size_limit=1 << 20, dfa_size_limit=1 << 20),
    )


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion and not beyond what is allowed."""
    level, depth = [value], 0
    while level and depth <= _DEEPEST:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth


def _reference_flaw(schema: Any, inside_definitions: bool) -> str | None:
    """References stay within the template and definitions hold none: nothing is fetched, nothing loops."""
    if isinstance(schema, list):
        flaws = (_reference_flaw(one, inside_definitions) for one in schema)
        return next((flaw for flaw in flaws if flaw), None)
    if not isinstance(schema, dict):
        return None
    for name, value in schema.items():
        if name in _BASES and isinstance(value, str):
            return f"An account template names no {name}."
        refers = name in _REFERENCES and isinstance(value, str)
        if refers and (inside_definitions or name != "$ref" or not value.startswith(_LOCAL)):
            return "A $ref points to #/$defs/… of the same template, and $defs hold no $ref."
        flaw = _reference_flaw(value, inside_definitions or name in ("$defs", "definitions"))
        if flaw is not None:
            return flaw
    return None
