"""What a new user meets: the demo starts by itself, keeps its data whatever ends it, and leaves nothing."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from persistence.settings import Settings
from tests.server_process import ServerProcess

PRODUCTS = "{ products(first: 100) { totalCount } }"
ROLES = {"OWNER", "FINANCE", "SALES", "SUPPORT", "STOCK", "RISK", "ADMIN"}
SIGN_IN = """mutation ($input: SignInAgentInput!) { signInAgent(input: $input) {
  ... on AgentSession { accessToken agent { roles channel { code } } } ... on Refusal { code } } }"""
VIEWER = "{ viewer { kind permissions channel { code } } }"


@pytest.fixture(scope="module")
def demo() -> Iterator[ServerProcess]:
    """What `make run` starts, in a directory of its own with a path that is short enough for a socket."""
    place = Path(tempfile.mkdtemp(prefix="quanyi-run-"))
    place.chmod(0o755)
    server = ServerProcess(place).start()
    print(f"\nfirst start: ready after {server.took_s:.1f} s")
    yield server
    server.end()
    shutil.rmtree(place, ignore_errors=True)


def guide(server: ServerProcess) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((server.data / "demo.json").read_text("utf-8"))
    return found


def ask(server: ServerProcess, document: str, token: str | None = None, **variables: Any) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    response = httpx2.post(
        f"{server.url}/graphql",
        json={"query": document, "variables": variables},
        headers=headers,
        timeout=30,
    )
    assert response.status_code == 200, response.text
    return response.json()["data"]


def some_token(server: ServerProcess) -> str:
    return str(next(iter(guide(server)["storefrontTokens"].values())))


def test_the_banner_says_where_to_go_and_can_be_pasted(demo: ServerProcess) -> None:
    assert f"{demo.url}/graphql" in demo.output
    assert str(demo.data / "demo.json") in demo.output
    line = next(line for line in demo.output.splitlines() if "curl" in line)
    token = line.partition("Bearer ")[2].partition("'")[0]
    assert token in guide(demo)["storefrontTokens"].values()
    body = demo.output.partition("-d '")[2].partition("'")[0]
    response = httpx2.post(
        f"{demo.url}/graphql",
        content=body,
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
    )
    assert len(response.json()["data"]["products"]["edges"]) == 3


def test_demo_json_tells_a_front_end_how_to_begin(demo: ServerProcess) -> None:
    path, found = demo.data / "demo.json", guide(demo)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(found) == {"url", "storefrontTokens", "agents", "apiTokens"}
    assert found["url"] == f"{demo.url}/graphql"
    shops = set(found["storefrontTokens"])
    assert len(shops) == 9
    owners = [one["channel"] for one in found["agents"] if one["roles"] == ["OWNER"]]
    assert len(owners) == len(set(owners)) == 20
    assert {role for one in found["agents"] if one["channel"] == "hq" for role in one["roles"]} == ROLES
    servers = {one["channel"]: set(one["scopes"]) for one in found["apiTokens"]}
    assert servers.pop("hq") == {"cards:redeem"}
    assert servers == {shop: {"orders:place", "orders:pay"} for shop in shops}


def test_every_token_works_in_its_channel(demo: ServerProcess) -> None:
    found = guide(demo)
    for channel, token in found["storefrontTokens"].items():
        viewer = ask(demo, VIEWER, token)["viewer"]
        assert (viewer["kind"], viewer["channel"]["code"]) == ("STOREFRONT", channel)
        assert ask(demo, PRODUCTS, token)["products"]["totalCount"] > 0
    for one in found["apiTokens"]:
        viewer = ask(demo, VIEWER, one["token"])["viewer"]
        assert (viewer["kind"], viewer["channel"]["code"]) == ("API_CLIENT", one["channel"])
        assert set(one["scopes"]) <= set(viewer["permissions"])


def test_every_person_signs_in_with_the_role_that_is_said(demo: ServerProcess) -> None:
    for person in guide(demo)["agents"]:
        said = {"email": person["email"], "password": person["password"]}
        agent = ask(demo, SIGN_IN, input=said)["signInAgent"]["agent"]
        assert (agent["roles"], agent["channel"]["code"]) == (person["roles"], person["channel"])


def test_secrets_on_disk_are_for_their_owner_alone(demo: ServerProcess) -> None:
    for name in ("keys.json", "demo.json"):
        assert stat.S_IMODE((demo.data / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(demo.data.stat().st_mode) & 0o066 == 0


def test_nothing_listens_beyond_loopback(demo: ServerProcess) -> None:
    listening = [
        connection.laddr
        for process in demo.family()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN or connection.type == socket.SOCK_DGRAM
    ]
    assert [f"http://{place.ip}:{place.port}" for place in listening] == [demo.url]


def test_machines_get_their_probes(demo: ServerProcess) -> None:
    live = httpx2.get(f"{demo.url}/healthz")
    ready = httpx2.get(f"{demo.url}/readyz")
    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "problems": []})
    unknown = httpx2.get(f"{demo.url}/nothing")
    assert (unknown.status_code, unknown.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


def test_metrics_count_operations_and_never_say_what_was_asked(demo: ServerProcess) -> None:
    ask(demo, "query canary7Q4Z { viewer { kind } }", some_token(demo))
    text = httpx2.get(f"{demo.url}/metrics").text
    assert "quanyi_forged_codes_total 0.0" in text
    assert "quanyi_shared_commands_count 0.0" in text
    assert "quanyi_spoiled_transactions_total 0.0" in text
    for name in ('operations_total{kind="query",outcome="ok"}', "operation_seconds_bucket", "pool_in_use",
                 "outbox_events", "jobs_held", "feed_followers", "guessing_subjects"):  # fmt: skip
        assert f"quanyi_{name}" in text
    assert "canary7Q4Z" not in text
    assert some_token(demo) not in text


def test_a_browser_gets_a_page_without_code_from_elsewhere(demo: ServerProcess) -> None:
    page = httpx2.get(f"{demo.url}/graphql", headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text.replace(demo.url, "")
    assert "https://" not in page.text


def test_a_second_server_on_the_same_data_is_refused_and_says_why(demo: ServerProcess) -> None:
    place = demo.place / "second"
    place.mkdir()
    second = ServerProcess(place, QUANYI_DATA=str(demo.data))
    assert second.run_to_end() == 2
    assert "is in use by process" in second.log
    taken = ServerProcess(place, PORT=demo.url.rpartition(":")[2])
    assert taken.run_to_end() == 2
    assert "cannot be used" in taken.log
    assert "PORT" in taken.log


@pytest.mark.parametrize("end", ["Ctrl-C", "SIGTERM", "SIGKILL"])
def test_whatever_ends_it_the_next_start_keeps_the_data(demo: ServerProcess, end: str) -> None:
    before, family = guide(demo), demo.family()
    if end == "SIGKILL":
        demo.kill()
    else:
        assert demo.stop(signal.SIGINT if end == "Ctrl-C" else signal.SIGTERM) == 0
        assert not [process for process in family if process.is_running()]
    demo.start()
    print(f"\nstart after {end}: ready after {demo.took_s:.1f} s")
    # After SIGKILL nobody waits for the keeper, which ends a moment after its PostgreSQL.
    _, left = psutil.wait_procs(family, timeout=30)
    assert left == []
    after = guide(demo)
    assert after | {"url": ""} == before | {"url": ""}
    assert after["url"] == f"{demo.url}/graphql"
    assert ask(demo, PRODUCTS, some_token(demo))["products"]["totalCount"] > 0
    assert httpx2.get(f"{demo.url}/readyz").status_code == 200


def test_a_lost_demo_json_is_written_again(demo: ServerProcess) -> None:
    before = guide(demo)
    demo.stop()
    (demo.data / "demo.json").unlink()
    demo.start()
    after = guide(demo)
    assert after["agents"] == before["agents"]
    assert set(after["storefrontTokens"]) == set(before["storefrontTokens"])
    assert ask(demo, PRODUCTS, some_token(demo))["products"]["totalCount"] > 0
    stale = next(iter(before["storefrontTokens"].values()))
    answer = httpx2.post(
        f"{demo.url}/graphql", json={"query": PRODUCTS}, headers={"authorization": f"Bearer {stale}"}
    )
    assert answer.status_code == 401


def test_logs_hold_no_token_and_no_password(demo: ServerProcess) -> None:
    text, found = demo.log, guide(demo)
    secrets = [*found["storefrontTokens"].values(), *(one["token"] for one in found["apiTokens"])]
    secrets += [one["password"] for one in found["agents"]]
    assert [secret for secret in secrets if secret in text] == []


def test_the_root_key_of_cards_turns_while_the_server_runs(demo: ServerProcess) -> None:
    place = demo.place / "rotation"
    place.mkdir()
    command = ServerProcess(place, command=["rotate-keys"], QUANYI_DATA=str(demo.data))
    assert command.run_to_end() == 0, command.log
    assert "keys turned" in command.output
    assert "still need" not in command.output
    assert len(json.loads((demo.data / "keys.json").read_text())["card"]) == 2
    assert ask(demo, PRODUCTS, some_token(demo))["products"]["totalCount"] > 0


def test_loopback_is_the_default() -> None:
    assert Settings.model_fields["host"].default == "127.0.0.1"
