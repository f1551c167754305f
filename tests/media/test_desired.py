"""Which desired value counts, in any order of arrival."""

from hypothesis import given
from hypothesis import strategies as st

from server.media.desired import View
from server.media.messages import DesiredPeer, DesiredRoom
from tests.media.running import allowed


def value(epoch: str, version: int, *, complete: bool = True, **peers: DesiredPeer) -> DesiredRoom:
    return DesiredRoom(room="r", epoch=epoch, version=version, complete=complete, peers=peers)


@given(st.permutations(range(8)))
def test_within_an_epoch_the_highest_version_stands(order: list[int]) -> None:
    view = View()
    for version in order:
        view.take(value("a", version))
    assert view.current == value("a", 7)


def test_incomplete_value_of_another_epoch_lets_in_and_sends_nobody_away() -> None:
    """Kills: an empty store that closes everybody; a newcomer who waits until it is complete."""
    view = View()
    view.take(value("a", 1, first=allowed(3)))
    assert view.take(value("b", 2, complete=False, second=allowed(4)))
    assert view.current == value("a", 1, first=allowed(3))
    assert (view.refuses("first", 3), view.refuses("second", 4)) == (None, None)
    assert view.take(value("b", 3, second=allowed(4)))
    assert (view.refuses("first", 3), view.refuses("second", 4)) == ("media.not_wanted", None)


def test_incomplete_value_of_another_epoch_counts_for_whom_it_lists() -> None:
    """Kills: a mute after the store was lost that waits until everybody is back."""
    view = View()
    view.take(value("a", 1, first=allowed(3)))
    view.take(value("b", 2, complete=False, first=allowed(3, send_audio=False)))
    assert view.wanted("first") == allowed(3, send_audio=False)
    assert not view.take(value("b", 1, complete=False, first=allowed(3)))
    assert view.wanted("first") == allowed(3, send_audio=False)


def test_incomplete_value_continues_the_epoch_that_counts() -> None:
    view = View()
    view.take(value("a", 1, first=allowed()))
    assert view.take(value("a", 2, complete=False))
    assert view.wanted("first") is None


def test_replaced_epoch_never_counts_again() -> None:
    """Kills: forgetting `_retired`; a late message of a dead epoch would bring people back."""
    view = View()
    view.take(value("a", 5))
    assert view.take(value("b", 1))
    assert not view.take(value("a", 6))
    assert view.current == value("b", 1)


def test_newest_generation_is_that_of_the_value_or_of_who_is_here() -> None:
    """Kills: a revocation without a number that burns only what has arrived already."""
    view = View()
    assert view.newest("first", -1) == -1
    assert view.newest("first", 2) == 2
    view.take(value("a", 1, first=allowed(3)))
    assert [view.newest("first", here) for here in (-1, 2, 5)] == [3, 3, 5]


def test_burned_generation_is_not_wanted() -> None:
    view = View()
    view.take(value("a", 1, first=allowed(3)))
    assert view.refuses("first", 3) is None
    view.burn("first", 3)
    assert view.wanted("first") is None
    assert view.refuses("first", 3) == "media.generation_old"
    view.take(value("a", 2, first=allowed(4)))
    assert view.refuses("first", 4) is None
    view.burn("first", 2)
    assert view.refuses("first", 3) == "media.generation_old"
