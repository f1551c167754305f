"""The node's news as passing events: outside the stream, lost without harm. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from sessions.rooms.bridge import Heard, PeerClosed
from sessions.rooms.bridge import SlotOwned as NodeSlotOwned
from sessions.rooms.bridge import SlotShown as NodeSlotShown
from sessions.rooms.bridge import Speaking as NodeSpeaking
from sessions.signaling.messages import MediaClosed, SlotOwned, SlotShown, Speaking

FOR_GOOD = frozenset({"not_wanted", "revoked", "left", "replaced", "wrong_certificate"})
"""Why the node closes a peer that must not offer again by itself."""


def message(news: Heard) -> Any:
    """The message to the browser whose media it is about. Peers are seat keys."""
    return _MESSAGES[type(news)](news)


def _owned(news: NodeSlotOwned) -> SlotOwned:
    return SlotOwned(type="media.slot_owned", slot=news.slot, key=news.owner, csrc=news.csrc)


def _shown(news: NodeSlotShown) -> SlotShown:
    fields = {"slot": news.slot, "key": news.owner, "rtp_timestamp": news.rtp_timestamp}
    return SlotShown(type="media.slot_shown", **fields)


def _speaking(news: NodeSpeaking) -> Speaking:
    return Speaking(type="speaking", keys=list(news.peers))


def _closed(news: PeerClosed) -> MediaClosed:
    again = news.reason not in FOR_GOOD
    return MediaClosed(type="media.closed", reason=news.reason, again=again)


_MESSAGES: Mapping[type, Callable[[Any], Any]] = {
    NodeSlotOwned: _owned,
    NodeSlotShown: _shown,
    NodeSpeaking: _speaking,
    PeerClosed: _closed,
}
