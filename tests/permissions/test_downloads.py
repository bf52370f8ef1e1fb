"""A statement's file is for those who may read the account, and for whoever they give its link to."""

from __future__ import annotations

from domain.access.permissions import ACCOUNT_READ
from tests.permissions.principals import CITY, PROVINCE, SHOP
from tests.permissions.story import Story

ASKED = {"m1": PROVINCE, "m2": CITY, "m3": SHOP}
ASK = "query {{ {} }}".format(
    " ".join(
        f'{name}: statement(period: "2020", channel: "{channel}") {{ download(format: CSV) {{ url }} }}'
        for name, channel in ASKED.items()
    )
)


def test_only_who_may_read_an_account_gets_a_link_to_it(story: Story) -> None:
    links = {}
    paths = {
        channel: each.path for each in story.principals for channel in ASKED.values() if each.place == channel
    }
    for one in story.principals:
        answer = story.demo.post(ASK, {}, one.token).json()
        held = ACCOUNT_READ in one.permissions
        assert ("errors" in answer) is not held, one.name
        for name, channel in ASKED.items():
            found = answer["data"][name]
            assert (found is not None) == (held and one.path[-1] in paths[channel]), (one.name, channel)
            if found is not None:
                links[channel] = found["download"]["url"]
    assert set(links) == {PROVINCE, CITY, SHOP}
    origin = story.demo.url.removesuffix("/graphql")
    for channel, link in links.items():
        answer = story.demo.http.get(origin + link)
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == f'attachment; filename="statement-{channel}-2020.csv"'
        assert answer.content.startswith(b"\xef\xbb\xbf")
        assert story.demo.http.get(origin + link[:-3] + "AAA").status_code == 404
