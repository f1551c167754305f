"""Why the node ended a peer, and whether that peer's browser may make another offer.

Owns the one list of reasons and what each means for the browser. Pure; knows no messages.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class CloseReason(StrEnum):
    """Every `peer_closed` has exactly one of these."""

    NOT_WANTED = "not_wanted"  # absent from the desired value
    REPLACED = "replaced"  # a newer generation, or a newer connection of the same generation
    REVOKED = "revoked"
    LEFT = "left"  # the peer closed its DTLS connection
    SILENT = "silent"  # nothing valid came for 15 seconds
    UNFINISHED = "unfinished"  # the handshake was not done in 10 seconds
    WRONG_CERTIFICATE = "wrong_certificate"  # not the one whose fingerprint the description bears
    HANDSHAKE_FAILED = "handshake_failed"
    NODE_STOPPED = "node_stopped"
    NOT_HERE = "not_here"  # an Attach for a generation that this node does not have
    MOVED = "moved"  # the room was placed on another node
    NODE_LOST = "node_lost"  # said by the web process: the node is gone, the room on another one
    NODE_DRAINING = "node_draining"  # likewise: the node is about to end


STILL_WANTED: Final[Mapping[CloseReason, bool]] = {
    CloseReason.NOT_WANTED: False,
    CloseReason.REPLACED: False,
    CloseReason.REVOKED: False,
    CloseReason.LEFT: False,
    CloseReason.SILENT: True,
    CloseReason.UNFINISHED: True,
    CloseReason.WRONG_CERTIFICATE: False,
    CloseReason.HANDSHAKE_FAILED: True,
    CloseReason.NODE_STOPPED: True,
    CloseReason.NOT_HERE: True,
    CloseReason.MOVED: True,
    CloseReason.NODE_LOST: True,
    CloseReason.NODE_DRAINING: True,
}
"""Whether the peer was wanted when it ended: then its browser offers again."""


def may_offer_again(reason: CloseReason, closed: int, newest: int) -> bool:
    """Whether the browser whose generation `closed` ended may make another offer under `newest`,
    its own generation now: an older one is not wanted because the newer one is."""
    outdated = reason is CloseReason.NOT_WANTED and closed < newest
    return outdated or STILL_WANTED[reason]
