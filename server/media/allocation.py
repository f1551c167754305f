"""How a subscriber's pictures are shared out: which layer each of them gets, or none.

Pure. Owns the rule. Must not know legs, packets or people: a picture is what arrives of it and how
wide it is shown.

A camera is sent in up to three sizes, each twice as wide as the one before. A tile gets the
smallest one that fills it, or the next smaller one that arrives: a browser stops the large sizes
by itself when its network or processor cannot carry them. What is not visible gets nothing.
"""

from collections.abc import Sequence
from typing import Final

WIDTHS: Final = (160, 320, 640)  # what browsers are asked to send (frontend/src/media/link.ts)
STRETCH: Final = 1.25  # how much wider than its picture a tile may be


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
