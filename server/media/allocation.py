"""How a subscriber's link is shared out: which pictures, how large, and which sounds.

Pure. Owns the rules. Must not know legs, packets or people: a picture is what arrives of it, how
wide it is shown and how much it matters.

A camera is sent in up to three sizes, each twice as wide as the one before. A tile gets the
smallest one that fills it, or the next smaller one that arrives: a browser stops the large sizes
by itself when its network or processor cannot carry them. What is not visible gets nothing.

When not everything fits, sound comes first: everybody once, and then each sound with the two
before it, so that losses are not heard. On a link that loses nothing that is a precaution, for
which pictures keep half of the link; one that loses packets may be filled with it. Then steps are
bought in this order, each as long as the money lasts. What is bought last is what goes first when a
link gets narrower:

    | round | who                                | what                          |
    |-------|------------------------------------|-------------------------------|
    | 1     | those with priority (staff)        | the smallest picture          |
    | 2     | those who speak                    | the smallest picture          |
    | 3     | everybody else, largest tile first | the smallest picture          |
    | 4-6   | the same three                     | larger ones, a size at a time |

A step that is not carried yet has to fit with some room to spare (MARGIN), so a link that trembles
around its price does not have a picture come and go.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import Final, NamedTuple

WIDTHS: Final = (160, 320, 640)  # what browsers are asked to send (frontend/src/media/link.ts)
STRETCH: Final = 1.25  # how much wider than its picture a tile may be
MARGIN: Final = 1.2
LOUDEST: Final = 3  # voices without priority that are heard when not all can be
LOUDER: Final = 10.0  # dB by which another must be louder to take the place of one of them
ALL_AGAIN: Final = 0.7  # of the link that all voices may take when some were left out
REPEATED: Final = 2.5  # what sounds take that repeat the two before them, of what they take once
LOSSY: Final = 0.02  # a link that loses so much, of 1, may be filled with sounds that are repeated
UNASKED: Final = 0.5  # of any other link that they may take: there they are a precaution
STILL: Final = 0.8  # of their price: sounds that are repeated stay so while the link has so much


class Picture(NamedTuple):
    """One visible or hidden tile. `rates`: bits a second of each layer as it arrives, 0 where it
    does not; at least one arrives. `width`: device pixels, 0 for a hidden one, None when nothing
    is known. `carried`: the layer that it gets now."""

    slot: int
    rates: Sequence[int]
    width: int | None = None
    priority: bool = False
    speaks: bool = False
    carried: int | None = None


class Voice(NamedTuple):
    """One sound. `level` is -dBov, smoothed: 0 is loudest."""

    slot: int
    rate: int
    level: float
    priority: bool = False
    heard: bool = True


class Shares(NamedTuple):
    """`layers` of each slot, None: nothing. `next_step`: with how many bits a second one picture
    more or a larger one would be sent; None: nothing is wanting."""

    layers: dict[int, int | None]
    spent: int
    next_step: int | None = None


class Sounds(NamedTuple):
    """The slots that are heard; whether each sound repeats those before it (`redundancy`); what
    that takes. `next_step`: with how many bits a second all would be heard, or survive losses."""

    slots: set[int]
    repeated: bool
    spent: int
    next_step: int | None = None


def allocate(budget: int | None, pictures: Iterable[Picture]) -> Shares:
    """What is bought for so many bits a second; None: without limit."""
    pictures = tuple(pictures)
    whole = _whole(pictures)
    if budget is None or whole.spent * MARGIN <= budget:
        return whole
    return in_order(budget, pictures)


def in_order(budget: int, pictures: Sequence[Picture]) -> Shares:
    """Step by step, as the table says."""
    layers: dict[int, int | None] = {}
    steps = [(rank, step) for one in pictures for rank, step in _steps(one, layers)]
    spent, missed = 0, 0
    for _, (slot, below, layer, price, needed) in sorted(steps):
        if layers[slot] != (None if below < 0 else below):
            continue  # the step below it was not bought
        if spent + needed <= budget:
            layers[slot] = layer
            spent += price
        elif not missed:
            missed = needed
    return Shares(layers, spent, spent + missed if missed else None)


def _whole(pictures: Iterable[Picture]) -> Shares:
    """Everything that would fill its tile: what most links carry, so no order is made for them."""
    layers: dict[int, int | None] = {}
    spent = 0
    for one in pictures:
        most = layers[one.slot] = _most(one)
        spent += 0 if most is None else one.rates[most]
    return Shares(layers, spent)


def _most(one: Picture) -> int | None:
    arriving = [at for at, rate in enumerate(one.rates) if rate]
    return layer_of(arriving, one.width) if arriving else None


_Step = tuple[int, int, int, int, int]  # slot, layer below (-1: none), layer, price, needed


def _steps(one: Picture, layers: dict[int, int | None]) -> Iterator[tuple[tuple[int, ...], _Step]]:
    """All that can be bought for a picture, with its place in the order."""
    layers[one.slot] = None
    most = _most(one)
    if most is None:
        return
    below = -1
    who = 0 if one.priority else 1 if one.speaks else 2
    for at in (at for at, rate in enumerate(one.rates) if rate and at <= most):
        price = max(0, one.rates[at] - (one.rates[below] if below >= 0 else 0))
        has = one.carried is not None and at <= one.carried
        needed = price if has else round(price * MARGIN)
        place = (min(1, below + 1), who, at, -(one.width or WIDTHS[-1]))
        yield place, (one.slot, below, at, price, needed)
        below = at


def layer_of(arriving: Sequence[int], width: int | None) -> int | None:
    """The layer for a picture that is shown `width` device pixels wide; 0: it is not visible,
    None: nothing is known yet, so it is as wide as can be. `arriving`: the layers of which
    something comes, at least one, in rising order."""
    if width == 0:
        return None
    fills = len(WIDTHS) - 1
    if width is not None:
        fits = (at for at, one in enumerate(WIDTHS) if one * STRETCH >= width)
        fills = next(fits, fills)
    smaller = [at for at in arriving if at <= fills]
    return smaller[-1] if smaller else arriving[0]


def sounds(
    budget: int | None,
    voices: Sequence[Voice],
    *,
    repeats: bool | None,
    loss: float,
    crowded: bool = False,
) -> Sounds:
    """What is bought of sounds: who is heard, and then that each is repeated. `repeats`: whether
    they are now, None: the browser does not take that. `loss`: of the link, of 1."""
    heard = audible(budget, voices, crowded=crowded)
    spent = sum(voice.rate for voice in voices if voice.slot in heard)
    if crowded:
        return Sounds(heard, repeated=False, spent=spent)
    everybody = None if len(heard) == len(voices) else _total(voices)
    if repeats is None:
        return Sounds(heard, repeated=False, spent=spent, next_step=everybody)
    price = round(spent * REPEATED)
    needed = price if loss >= LOSSY else round(price / UNASKED)
    if budget is None or needed * (STILL if repeats else 1) <= budget:
        return Sounds(heard, repeated=True, spent=price, next_step=everybody)
    asked = needed if loss >= LOSSY else None
    return Sounds(heard, repeated=False, spent=spent, next_step=everybody or asked)


def _total(voices: Sequence[Voice]) -> int:
    """With which all are heard again."""
    return ceil(sum(voice.rate for voice in voices) / ALL_AGAIN)


def audible(budget: int | None, voices: Sequence[Voice], *, crowded: bool = False) -> set[int]:
    """The slots whose sound is sent: everybody's, or, when the link or the node (`crowded`) cannot
    carry that, those with priority and the LOUDEST of the others. A voice that is heard keeps its
    place until another is clearly louder."""
    total = sum(voice.rate for voice in voices)
    share = 1.0 if all(voice.heard for voice in voices) else ALL_AGAIN
    if not crowded and (budget is None or total <= budget * share):
        return {voice.slot for voice in voices}
    others = [voice for voice in voices if not voice.priority]
    others.sort(key=lambda voice: voice.level - (LOUDER if voice.heard else 0.0))
    first = {voice.slot for voice in voices if voice.priority}
    return first | {voice.slot for voice in others[:LOUDEST]}
