"""The story of these tests is told once for a worker; nothing that they do afterwards changes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from graphql import GraphQLSchema, build_schema

import server
from tests.fixtures.demo import Home
from tests.permissions.probes import Survey
from tests.permissions.story import Story, tell
from tests.permissions.things import Things

ROOM = 10**9
"""Documents of these tests ask for everything at once."""


@pytest.fixture(scope="session")
def story(demo_home: Home) -> Iterator[Story]:
    """What has happened, and a server without jobs, so that nothing happens by itself."""
    wide = {"max_tokens": ROOM, "max_cost": ROOM, "redemption_answer_ms": 0, "operation_s": 120}
    with demo_home.copied() as home:
        with home.served() as demo:
            told = tell(demo)
        with home.served(jobs=False, **wide) as demo:
            yield replace(told, demo=demo)


@pytest.fixture(scope="session")
def things(story: Story) -> Things:
    """Everything there is."""
    return Things(story.demo, story.hidden)


@pytest.fixture(scope="session")
def schema() -> GraphQLSchema:
    """The SDL that front ends get: expectations are made from its directives."""
    return build_schema(server.build_schema().as_str())


@pytest.fixture(scope="session")
def survey(schema: GraphQLSchema, story: Story, things: Things) -> Survey:
    """Everything that can be asked."""
    return Survey(schema, story, things)
