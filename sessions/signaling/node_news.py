"""The node's news as passing events: outside the stream, lost without harm. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from sessions.nodes.links import PeerClosed, may_offer_again
from sessions.nodes.links import SlotOwned as NodeSlotOwned
from sessions.nodes.links import SlotShown as NodeSlotShown
from sessions.nodes.links import Speaking as NodeSpeaking
from sessions.signaling.messages.media import MediaClosed, SlotOwned, SlotShown, Speaking

Passed = PeerClosed | NodeSlotOwned | NodeSlotShown | NodeSpeaking


def message(news: Passed, generation: int) -> Any:
    """The message to the browser whose media it is about. Peers are seat keys; `generation` is
    that of the browser's media now."""
    if isinstance(news, PeerClosed):
        return _closed(news, generation)
    return _MESSAGES[type(news)](news)


def _owned(news: NodeSlotOwned) -> SlotOwned:
    return SlotOwned(type="media.slot_owned", slot=news.slot, key=news.owner, csrc=news.csrc)


def _shown(news: NodeSlotShown) -> SlotShown:
    return SlotShown(
        type="media.slot_shown",
        slot=news.slot,
        key=news.owner,
        rtp_timestamp=news.rtp_timestamp,
    )


def _speaking(news: NodeSpeaking) -> Speaking:
    return Speaking(type="speaking", keys=list(news.peers))


def _closed(news: PeerClosed, generation: int) -> MediaClosed:
    again = may_offer_again(news.reason, news.generation, generation)
    return MediaClosed(type="media.closed", reason=news.reason.value, again=again)


_MESSAGES: Mapping[type, Callable[[Any], Any]] = {
    NodeSlotOwned: _owned,
    NodeSlotShown: _shown,
    NodeSpeaking: _speaking,
}
