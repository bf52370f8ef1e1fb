"""Calls to other people's servers: runs an adapter's conversation, outside any transaction."""

from __future__ import annotations

import httpx2
import stamina
import structlog

from domain.supply.answers import UNKNOWN, Answer, Call, Conversation, Reply

LARGEST_REPLY = 1_048_576
"""Bytes of an answer that are read."""

QUERY_ATTEMPTS = 3


class NoAnswer(Exception):
    """The server could not be reached, or did not answer in time."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


class Caller:
    """One client for all suppliers; it follows no redirects and keeps no cookies."""

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        self._client = client or httpx2.AsyncClient(follow_redirects=False, trust_env=False)
        self._log = structlog.get_logger()

    async def converse(self, conversation: Conversation, repeatable: bool) -> Answer:
        """What the conversation comes to; UNKNOWN when the adapter itself stumbles over a reply.

        Only a `repeatable` conversation (a query) is tried again after a failure of the network.
        """
        try:
            call = next(conversation)
            while True:
                call = conversation.send(await self._reply(call, repeatable))
        except StopIteration as end:
            answer = end.value
            return answer if isinstance(answer, Answer) else UNKNOWN
        except Exception as problem:
            self._log.warning("supplier.unreadable", problem=type(problem).__name__)
            return UNKNOWN

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _reply(self, call: Call, repeatable: bool) -> Reply:
        attempts = QUERY_ATTEMPTS if repeatable else 1
        try:
            async for attempt in stamina.retry_context(
                on=NoAnswer, attempts=attempts, timeout=call.timeout_s
            ):
                with attempt:
                    return await self._once(call)
        except NoAnswer as problem:
            return Reply(failure=problem.failure)
        return Reply(failure="TIMEOUT")

    async def _once(self, call: Call) -> Reply:
        try:
            async with self._client.stream(
                call.method, call.url, headers=dict(call.headers), content=call.body, timeout=call.timeout_s
            ) as response:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST_REPLY:
                        return Reply(response.status_code, failure="TOO_LARGE")
                return Reply(response.status_code, bytes(body))
        except httpx2.TimeoutException:
            raise NoAnswer("TIMEOUT") from None
        except httpx2.HTTPError:
            raise NoAnswer("CONNECTION") from None
