"""Audiences: who may read a field, said where the field is declared and printed in the SDL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.schema_directive import Location

from domain.refusals import Forbidden, Unauthenticated
from schema import ids
from schema.levels import reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from strawberry.types import Info

    from domain.access.callers import Caller


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], description="Who may read a field; every field declares it."
)
class Audience:
    """Exactly one of the three is given."""

    open: bool | None = strawberry.directive_field(name="open", default=strawberry.UNSET)
    permission: str | None = strawberry.directive_field(name="permission", default=strawberry.UNSET)
    owner: bool | None = strawberry.directive_field(name="owner", default=strawberry.UNSET)


def denial(caller: Caller, permission: str) -> Exception:
    """What a caller without a permission is told."""
    if caller.kind.value == "ANONYMOUS":
        return Unauthenticated("Send a token in the header Authorization: Bearer ….")
    return Forbidden(permission)


class Guard(FieldExtension):
    """Answers null for callers without the permission, with one error for each field of a document."""

    def __init__(self, permission: str) -> None:
        self.permission = permission

    def _denied(self, info: Info[Any, Any]) -> bool:
        context = info.context
        if self.permission in context.caller.permissions:
            return False
        field = id(info._raw_info.field_nodes[0])
        if field in context.denied:
            return True
        context.denied.add(field)
        raise denial(context.caller, self.permission)

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info[Any, Any], **arguments: Any) -> Any:
        """The value, or None where the caller may not have it."""
        return None if self._denied(info) else next_(source, info, **arguments)

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: Info[Any, Any], **arguments: Any
    ) -> Any:
        """The same for fields that are fetched."""
        return None if self._denied(info) else await next_(source, info, **arguments)


def open_to_all(description: str, **options: Any) -> Any:
    """A field that whoever may see its object may read."""
    return strawberry.field(description=description, directives=[Audience(open=True)], **options)


def visible_to(permission: str, description: str, **options: Any) -> Any:
    """A field for holders of a permission; for all others it is null, so its type must allow null."""
    return strawberry.field(
        description=f"{description} Needs the permission `{permission}`.",
        directives=[Audience(permission=permission)],
        extensions=[Guard(permission)],
        **options,
    )


def own_only(description: str, **options: Any) -> Any:
    """A field of an object that only its owner ever receives."""
    return strawberry.field(description=description, directives=[Audience(owner=True)], **options)


def identified(prefix: str, description: str) -> Any:
    """The opaque id of an object whose source has a UUID `id`."""

    @reading("id")
    def resolve(root: strawberry.Parent[Any]) -> strawberry.ID:
        return strawberry.ID(ids.encode(prefix, root.id))

    return strawberry.field(resolver=resolve, description=description, directives=[Audience(open=True)])


def asked(description: str, **options: Any) -> Any:
    """A field of an input."""
    return strawberry.field(description=description, **options)
