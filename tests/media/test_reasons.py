"""What the end of a peer means for its browser: total over the reasons."""

import pytest

from server.media.reasons import STILL_WANTED, CloseReason, may_offer_again


def test_every_reason_says_whether_the_peer_was_still_wanted() -> None:
    """Kills: a new reason after which a browser stays without media until it is reloaded."""
    assert set(STILL_WANTED) == set(CloseReason)


@pytest.mark.parametrize("reason", CloseReason)
def test_peer_of_the_newest_generation_offers_again_if_it_was_wanted(reason: CloseReason) -> None:
    assert may_offer_again(reason, closed=2, newest=2) is STILL_WANTED[reason]


def test_older_generation_that_is_not_wanted_offers_again_under_the_newer() -> None:
    assert may_offer_again(CloseReason.NOT_WANTED, closed=1, newest=2)
    assert not may_offer_again(CloseReason.REVOKED, closed=1, newest=2)
