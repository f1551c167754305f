"""One subscriber's share of the room: which layers and sounds its slots carry from now on.

Owns what of streams the rules of `allocation` are given, and what they cost on the link. Must not
know rooms or peers: who owns a slot is an argument.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from server.media.allocation import Picture, Sounds, Voice, allocate, sounds
from server.media.path import PacketPath
from server.media.streams import Leg, Publication, Slot

NEW_SECONDS: Final = 2.0  # within which a browser says how large the tile of a new owner is
SMALLEST: Final = 1  # a width: until then the tile gets the smallest picture, which comes soonest
RATES_SECONDS: Final = 0.1
LAYER_SECONDS: Final = 0.7  # a layer that sent nothing for so long has been stopped
# Bits a second of a layer that has just begun, until it is measured: what browsers are asked for.
USUAL: Final = (100_000, 250_000, 600_000)
# What a stream takes on the link, of its payload: headers weigh more on small packets.
SOUND_COST: Final = 1.4
PICTURE_COST: Final = 1.05


class Owner(NamedTuple):
    """Of a slot: whether it goes last when a link is narrow, and whether it speaks."""

    priority: bool
    speaks: bool


def share(
    path: PacketPath,
    leg: Leg,
    owners: Mapping[int, Owner],
    width: Callable[[int], int | None],
    now: float,
    *,
    crowded: bool,
) -> None:
    """Called some times a second. `owners`: by slot index, of each slot that has one. Without
    reports of the browser nothing is known of its link, and it gets all that it shows."""
    budget = leg.estimate.bits_per_second if leg.estimate.known else None
    heard = _sounds(leg, owners, budget, crowded=crowded)
    pictures = [_picture(slot, owners, width, leg.estimate.loss, now) for slot in _shown(leg)]
    wanted = [one for one in pictures if any(one.rates)]
    shares = allocate(None if budget is None else max(0, budget - heard.spent), wanted)
    if budget is not None:
        picture = None if shares.next_step is None else shares.next_step + heard.spent
        tried = leg.probe.budget(leg.estimate, heard.next_step or picture, now)
        heard = _sounds(leg, owners, tried, crowded=crowded)
        shares = allocate(max(0, tried - heard.spent), wanted)
    for slot in leg.slots["audio"]:
        slot.repeat(heard.repeated)
        path.choose(slot, 0 if slot.index in heard.slots else None, now)
    for slot in _shown(leg):
        if slot.index in shares.layers:
            path.choose(slot, shares.layers[slot.index], now)


def _sounds(leg: Leg, owners: Mapping[int, Owner], budget: int | None, *, crowded: bool) -> Sounds:
    """The slots whose sound is sent, and how."""
    voices = [
        Voice(
            slot=slot.index,
            rate=round(slot.publication.layers[0].bitrate * SOUND_COST),
            level=slot.publication.layers[0].level,
            priority=_owner(slot, owners).priority,
            heard=slot.source is not None,
        )
        for slot in leg.slots["audio"]
        if slot.publication is not None
    ]
    repeats = None
    if any(slot.redundant_payload for slot in leg.slots["audio"]):
        repeats = any(slot.redundant for slot in leg.slots["audio"])
    return sounds(budget, voices, repeats=repeats, loss=leg.estimate.loss, crowded=crowded)


def _shown(leg: Leg) -> list[Slot]:
    return [slot for slot in leg.slots["video"] if slot.publication is not None]


def _picture(
    slot: Slot,
    owners: Mapping[int, Owner],
    width: Callable[[int], int | None],
    loss: float,
    now: float,
) -> Picture:
    """What is lost is sent again, so a picture takes that much more."""
    publication = slot.publication
    assert publication is not None
    cost = PICTURE_COST * (1 + min(1.0, loss))
    carried = slot.pending or slot.source
    owner = _owner(slot, owners)
    shown = width(slot.index)
    if shown == 0 and now - slot.since < NEW_SECONDS:
        shown = SMALLEST
    return Picture(
        slot=slot.index,
        rates=[round(rate * cost) for rate in _rates(publication, now)],
        width=shown,
        priority=owner.priority,
        speaks=owner.speaks,
        carried=publication.layers.index(carried) if carried is not None else None,
    )


def _rates(publication: Publication, now: float) -> list[int]:
    """Read once for all who ask within RATES_SECONDS: a room's subscribers do so in turn."""
    if not 0 <= now - publication.rated_at < RATES_SECONDS:
        arriving, layers = publication.arriving(now, LAYER_SECONDS), publication.layers
        publication.rates = [
            one.bitrate or USUAL[at] if at in arriving else 0 for at, one in enumerate(layers)
        ]
        publication.rated_at = now
    return publication.rates


def _owner(slot: Slot, owners: Mapping[int, Owner]) -> Owner:
    return owners.get(slot.index, Owner(priority=False, speaks=False))
