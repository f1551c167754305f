"""The VP8 payload descriptor (RFC 7741 §4.2): where a frame begins, and numbers to rewrite.

Pure. Owns the layout. Never looks into the picture beyond the bit that says "key frame".
"""

from typing import Final

START: Final = 0x10  # S bit: the packet begins a VP8 partition
# start of a frame, key frame, picture id, its width in bits (0: none), where it is, tl0, where,
# and where the picture's own bytes begin
Descriptor = tuple[bool, bool, int, int, int, int, int, int]
NONE: Final[Descriptor] = (False, False, 0, 0, 0, 0, 0, 0)


def read(payload: bytes) -> Descriptor | None:
    """The descriptor of one payload, or None when it is cut short.

    A place of 0 means that the field is absent (0 is the descriptor's own first byte). A key
    frame is the start of partition 0 whose frame header has its P bit clear (§4.3).
    """
    size = len(payload)
    if size < 2:
        return None
    first = payload[0]
    picture = width = picture_at = tl0 = tl0_at = 0
    at = 1
    try:
        if first & 0x80:
            has = payload[1]
            at = 2
            if has & 0x80:
                picture_at = at
                if payload[at] & 0x80:
                    picture, width = (payload[at] & 0x7F) << 8 | payload[at + 1], 15
                    at += 2
                else:
                    picture, width = payload[at], 7
                    at += 1
            if has & 0x40:
                tl0, tl0_at = payload[at], at
                at += 1
            if has & 0x30:
                at += 1
        if at >= size:
            return None
        start = bool(first & START) and not first & 0x07
        key = start and not payload[at] & 0x01
    except IndexError:
        return None
    return start, key, picture, width, picture_at, tl0, tl0_at, at


def moved(payload: bytes, descriptor: Descriptor, picture_shift: int, tl0_shift: int) -> bytes:
    """The descriptor's bytes with picture id and TL0PICIDX moved on, each in its own width.

    The picture behind it is the same for every receiver, so only these few bytes are copied.
    """
    _, _, picture, width, picture_at, tl0, tl0_at, end = descriptor
    out = bytearray(payload[:end])
    if width == 15:
        number = picture + picture_shift & 0x7FFF
        out[picture_at] = 0x80 | number >> 8
        out[picture_at + 1] = number & 0xFF
    elif width:
        out[picture_at] = picture + picture_shift & 0x7F
    if tl0_at:
        out[tl0_at] = tl0 + tl0_shift & 0xFF
    return bytes(out)
