"""Why someone's connection to a room ended: the one list that every leave takes its reason from.

Knows nothing of attendance or of presence: they read the reasons, they do not add any.
"""

from enum import StrEnum


class LeaveReason(StrEnum):
    """LV1. Every leave has exactly one of these."""

    LEFT = "left"  # the person tapped Leave
    LOST = "lost"  # the lease ran out: network, battery, closed laptop
    REPLACED = "replaced"  # the same person connected from another tab or device
    REMOVED = "removed"  # staff took the person out of this session
    ENDED = "ended"  # the session ended for everyone
    SIGNED_OUT = "signed_out"  # the person signed out, or the sign-in ran out
    ROSTER = "roster"  # the person is no longer on the roster or on the staff
    MOVED = "moved"  # taken to another room, or the room to another node
    SERVER = "server"  # our process stopped or was restarted
    REFUSED = "refused"  # a rule closed the connection: too many messages, a broken frame


DROPS = frozenset({LeaveReason.LOST, LeaveReason.SERVER, LeaveReason.MOVED})


def is_drop(reason: LeaveReason) -> bool:
    """LV2. True if the person did not mean to leave: the browser comes back by itself, and
    others see the person as away, not as gone."""
    return reason in DROPS
