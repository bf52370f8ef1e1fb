"""Files that come with a request, as resolvers see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NewType, Protocol, runtime_checkable

from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition, scalar


@runtime_checkable
class UploadedFile(Protocol):
    """A file of a multipart request. It lives as long as the request: keep what has to outlive it."""

    filename: str
    """The client's name for it, without folders; never a path to be used."""
    content_type: str
    size: int
    """In bytes."""

    def chunks(self, size: int = 65_536) -> AsyncIterator[bytes]:
        """The content from its beginning, at most `size` bytes at a time."""
        ...

    async def read(self) -> bytes:
        """The whole content."""
        ...


Upload = NewType("Upload", object)
"""The type of an argument that takes a file; at run time it holds an UploadedFile."""


def _parse(value: Any) -> UploadedFile:
    if not isinstance(value, UploadedFile):
        raise GraphQLError("Upload cannot be written as JSON: send the request as multipart/form-data.")
    return value


def _serialize(_value: Any) -> None:
    raise GraphQLError("Upload is an input type only.")


UPLOAD: ScalarDefinition = scalar(
    name="Upload",
    description="A file, sent as the GraphQL multipart request specification says.",
    serialize=_serialize,
    parse_value=_parse,
)
"""For the schema's `StrawberryConfig(scalar_map={Upload: UPLOAD})`."""
