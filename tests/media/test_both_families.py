"""A node that announces an IPv4 and an IPv6 address, on the one socket that takes both."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.media.client_peer import ClientPeer
from tests.media.running import People

FOUR, SIX = "127.0.0.1", "::1"


@pytest.fixture
async def people() -> AsyncIterator[People]:
    with tempfile.TemporaryDirectory(prefix="media-") as folder:
        running = People(Path(folder), bind="::", announce=(FOUR, SIX))
        await running.start()
        yield running
        await running.stop()


def has_heard(peer: ClientPeer, other: str, count: int) -> bool:
    return len([one for one in peer.of("audio") if one.mark == other]) == count


async def test_somebody_by_ipv4_and_somebody_by_ipv6_hear_each_other(people: People) -> None:
    """Kills: answering an IPv4 peer from an address that it did not ask."""
    four, six = await people.join("four", here=FOUR), await people.join("six", here=SIX)
    assert [host for host, _ in four.candidates] == [FOUR, SIX]
    four.speak()
    six.speak()
    await four.until(lambda: has_heard(four, "six", 1))
    await six.until(lambda: has_heard(six, "four", 1))


@pytest.mark.parametrize(("before", "afterwards"), [(FOUR, SIX), (SIX, FOUR)])
async def test_media_follow_somebody_from_one_family_to_the_other(
    people: People, before: str, afterwards: str
) -> None:
    """From wifi with IPv4 to a mobile network that has IPv6 only, and back. Kills: comparing
    addresses of one family alone."""
    moving, staying = await people.join("moving", here=before), await people.join("staying")
    moving.speak()
    await staying.until(lambda: has_heard(staying, "moving", 1))
    moving.here = afterwards
    await moving.open()
    await moving.check()
    staying.speak()
    moving.speak()
    await moving.until(lambda: has_heard(moving, "staying", 1))
    await staying.until(lambda: has_heard(staying, "moving", 2))
