"""Carries a page's story out against a real server over the demo, as its reader would."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.docs.likeness import Known
from tests.docs.pages import Block, Step
from tests.fixtures.served import WAIT_S, ServedDemo

LATER = """UPDATE orders SET placed_at = placed_at - make_interval(mins => $1),
                  expires_at = expires_at - make_interval(mins => $1) WHERE status = 'AWAITING_PAYMENT'
           RETURNING id"""


class Story:
    """One page, from its first example to its last."""

    def __init__(self, demo: ServedDemo, page: str) -> None:
        self.demo, self.page, self.known = demo, page, Known()
        self._open = ExitStack()
        self._live: dict[str, ClientConnection] = {}

    def tell(self, steps: list[Step]) -> None:
        """Every step, in order; AssertionError names the line that is not true."""
        with self._open:
            for step in steps:
                getattr(self, f"_{step.block.kind}")(step)

    def _graphql(self, step: Step) -> None:
        block = step.block
        assert "title" in block.said, f"{self._at(block)}: an operation has a title."
        token = self._token(block.said.get("token", ""))
        variables = self._with_password(step.variables or {})
        if "live" in block.said:
            self._live[block.said["title"]] = self._subscribed(block.text, variables, token)
            return
        assert step.answer is not None, f"{self._at(block)}: what does it answer?"
        give_up = time.monotonic() + (WAIT_S if "until" in block.said else 0)
        while True:
            before = dict(self.known.values)
            found = self.demo.post(block.text, variables, token).json()
            differences = self.known.differences(step.answer, found)
            if "errors" in found and "errors" not in step.answer:
                differences.append(f"errors: {found['errors']}")
            if not differences or time.monotonic() >= give_up:
                break
            self.known.values = before
            time.sleep(0.05)
        assert not differences, f"{self._at(block)}: {'; '.join(differences)}\n{json.dumps(found)}"

    def _events(self, step: Step) -> None:
        socket = self._live[step.block.said["of"]]
        for shown in step.block.json:
            give_up = time.monotonic() + (WAIT_S if "until" in step.block.said else 0)
            while True:
                before = dict(self.known.values)
                found = _hear(socket)
                assert found["type"] == "next", f"{self._at(step.block)}: {found}"
                differences = self.known.differences(shown, found["payload"].get("data"))
                if not differences or time.monotonic() >= give_up:
                    break
                self.known.values = before
            assert not differences, f"{self._at(step.block)}: {'; '.join(differences)}"

    def _message(self, step: Step) -> None:
        """A job sends messages, soon after what they are about."""
        give_up = time.monotonic() + WAIT_S
        while True:
            before = dict(self.known.values)
            differences = self.known.differences(step.block.json, self._newest_message())
            if not differences or time.monotonic() >= give_up:
                break
            self.known.values = before
            time.sleep(0.05)
        assert not differences, f"{self._at(step.block)}: {'; '.join(differences)}"

    def _newest_message(self) -> Any:
        path = self.demo.settings.messages_path
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return json.loads(lines[-1]) if lines else None

    def _python(self, step: Step) -> None:
        exec(compile(step.block.text, self._at(step.block), "exec"), self.known.values)

    def _pass(self, step: Step) -> None:
        """Time passes for unpaid orders alone."""
        assert self.demo.rows(LATER, int(step.block.said["minutes"])), "Nobody waits."

    def _token(self, said: str) -> str | None:
        """`storefront CODE`, `api CODE`, `redeemer`, a remembered `$name`, or none."""
        guide = self.demo.guide
        kind, _, code = said.partition(" ")
        if kind == "storefront":
            return str(guide["storefrontTokens"][code])
        if kind in ("api", "redeemer"):
            of_it = [one for one in guide["apiTokens"] if one["channel"] == (code or "hq")]
            return str(of_it[0]["token"])
        return str(self.known.filled(said)) if said else None

    def _with_password(self, variables: Any) -> Any:
        """A person's `$password` is in demo.json, beside the address."""
        email = variables.get("input", {}).get("email")
        passwords = {one["email"]: one["password"] for one in self.demo.guide["agents"]}
        if email in passwords:
            self.known.values["password"] = passwords[email]
        return self.known.filled(variables)

    def _subscribed(self, text: str, variables: Any, token: str | None) -> ClientConnection:
        protocol = Subprotocol("graphql-transport-ws")
        socket = self._open.enter_context(
            connect(self.demo.socket_url, subprotocols=[protocol], compression=None)
        )
        socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}))
        assert _hear(socket) == {"type": "connection_ack"}
        payload = {"query": text, "variables": variables}
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        return socket

    def _at(self, block: Block) -> str:
        return f"docs/{self.page}:{block.line}"


def _hear(socket: ClientConnection) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=WAIT_S))
        if message["type"] != "ping":
            return message
