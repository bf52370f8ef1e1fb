"""A statement's file is for those who may read the account, and for whoever they give its link to."""

from __future__ import annotations

from domain.access.permissions import ACCOUNT_READ
from tests.permissions.principals import CITY, PROVINCE, SHOP
from tests.permissions.story import Story

ASK = """query ($channel: String) { statement(period: "2020", channel: $channel) {
  download(format: CSV) { url } } }"""


def test_only_who_may_read_an_account_gets_a_link_to_it(story: Story) -> None:
    links = {}
    for one in story.principals:
        for channel in (PROVINCE, CITY, SHOP):
            answer = story.demo.post(ASK, {"channel": channel}, one.token).json()
            found = answer["data"]["statement"]
            path = next(each.path for each in story.principals if each.place == channel)
            if found is None:
                held = ACCOUNT_READ in one.permissions
                assert ("errors" in answer) is not held, (one.name, channel)
                assert not held or one.path[-1] not in path, (one.name, channel)
            else:
                assert ACCOUNT_READ in one.permissions, (one.name, channel)
                assert one.path[-1] in path, (one.name, channel)
                links[channel] = found["download"]["url"]
    assert set(links) == {PROVINCE, CITY, SHOP}
    origin = story.demo.url.removesuffix("/graphql")
    for channel, link in links.items():
        answer = story.demo.http.get(origin + link)
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == f'attachment; filename="statement-{channel}-2020.csv"'
        assert answer.content.startswith(b"\xef\xbb\xbf")
        assert story.demo.http.get(origin + link[:-3] + "AAA").status_code == 404
