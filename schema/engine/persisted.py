"""Documents that clients name instead of sending them: automatic persisted queries, and trusted documents."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from schema.engine.gateway import Context, trusted_only, trusted_text
from schema.engine.refused import RequestRefused, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schema.engine.documents import Documents
    from schema.engine.requests import GraphQLRequest

HASHED = "sha256:"
"""What an id begins with that is the SHA-256 of a document, in hex."""

_MOST_CHARS = 4_000_000


def hashed(text: str) -> str:
    """The id of a document by its content."""
    return HASHED + sha256(text.encode()).hexdigest()


class PersistedTexts:
    """Texts by their ids, remembered by this process, least recently used first out.

    Another process does not know them: the protocol lets a client send its text again then.
    """

    def __init__(self, most: int, most_chars: int = _MOST_CHARS) -> None:
        self._most, self._left = most, most_chars
        self._texts: OrderedDict[str, str] = OrderedDict()

    def get(self, id_: str) -> str | None:
        """The text, which counts as used."""
        text = self._texts.get(id_)
        if text is not None:
            self._texts.move_to_end(id_)
        return text

    def add(self, id_: str, text: str) -> None:
        """Remember a text."""
        if id_ in self._texts:
            return
        self._texts[id_] = text
        self._left -= len(text)
        while self._texts and (self._left < 0 or len(self._texts) > self._most):
            self._left += len(self._texts.popitem(last=False)[1])


class NamedDocuments:
    """Finds the text that a request means, and refuses what its caller may not send."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._texts = PersistedTexts(most)

    async def completed(self, request: GraphQLRequest, context: Context) -> GraphQLRequest:
        """The request with the text of its document."""
        text, id_ = request.query, request.document_id
        if text and id_ is not None and id_.startswith(HASHED) and hashed(text) != id_:
            raise _mismatch()
        if trusted_only(context):
            trusted = await trusted_text(context, hashed(text) if text else id_ or "")
            if trusted is None:
                raise _untrusted(text)
            return replace(request, query=trusted)
        if text:
            return request
        found = self._texts.get(id_ or "") or await trusted_text(context, id_ or "")
        if found is None:
            raise self._unknown(request)
        return replace(request, query=found)

    def remember(self, request: GraphQLRequest) -> None:
        """Keep the text of an automatic persisted query that could be run: nonsense must push nothing out."""
        if self._most:
            self._texts.add(request.document_id or "", request.query)

    def _unknown(self, request: GraphQLRequest) -> RequestRefused:
        if not request.automatic:
            message = "No document of this id is registered: send its text in 'query', or register it."
            return refusal("DOCUMENT_NOT_FOUND", message, document=True)
        # Clients of automatic persisted queries look for these words, and go on in a response of status 200.
        code, message = "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound"
        if not self._most:
            code, message = "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported"
        return refusal(code, message, status=200, document=True)


def unusable(documents: Documents, texts: Mapping[str, str]) -> list[str]:
    """A sentence for each text, by its id, that this schema would refuse."""
    found = []
    for id_, text in texts.items():
        try:
            documents.get(text)
        except RequestRefused as refused:
            found.append(f"{id_}: {refused}")
    return found


def _mismatch() -> RequestRefused:
    message = "The hash is not the SHA-256 of the document that came with it: hash the text as it is sent."
    return refusal("PERSISTED_QUERY_HASH_MISMATCH", message, document=True)


def _untrusted(text: str) -> RequestRefused:
    message = (
        "This channel's front ends run registered documents only: name one in 'documentId' or by its hash, "
        "or have this one registered with trust-documents."
    )
    facts: dict[str, Any] = {"documentId": hashed(text)} if text else {}
    return refusal("DOCUMENT_NOT_TRUSTED", message, status=403, document=True, **facts)
