"""RTCP as a forwarding node reads and writes it (RFC 3550 §6, RFC 4585 §6, transport-cc draft).

Pure: bytes in, values out, and the other way. Owns the layouts. Must not know peers or time;
what is unknown or cut short inside a compound packet is skipped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct, pack, unpack_from
from typing import Final

SENDER_REPORT, RECEIVER_REPORT, TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK = 200, 201, 205, 206
NTP_EPOCH: Final = 2208988800  # seconds from 1900 to 1970
MOST_FEEDBACK: Final = 400  # transport-cc numbers in one packet: at most 936 bytes
_FIXED = Struct("!BBHI")
_HEAD = Struct("!BBH")
MOST_REPORTED: Final = 2048  # transport-cc numbers of one packet that are read
MOST_ASKED: Final = 64  # entries of one request that are read
_REPORT = Struct("!IIIIII")
_DELTA: Final = 4000  # transport-cc counts quarters of a millisecond


@dataclass(frozen=True, slots=True)
class SenderReport:
    """`ntp` is the 64-bit timestamp, `rtp` the same instant in the stream's clock."""

    ssrc: int
    ntp: int
    rtp: int


@dataclass(frozen=True, slots=True)
class Nack:
    """Sequence numbers asked for again; at most 17 for each of at most 64 entries."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyFrameWanted:
    """A PLI (RFC 4585 §6.3.1), or an FIR (RFC 5104 §4.3.1) for this stream."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """When the packets from number `base` on arrived, by the receiver's clock in seconds; None:
    they did not, so far. That clock begins again every 12 days (a 24-bit count of 64 ms)."""

    base: int
    count: int
    arrivals: tuple[float | None, ...]


Feedback = SenderReport | Nack | KeyFrameWanted | TransportFeedback


@dataclass(frozen=True, slots=True)
class Reception:
    """One report block (RFC 3550 §6.4.1). `fraction` is of 256; delay is in 1/65536 s."""

    ssrc: int
    fraction: int
    lost: int
    highest: int
    last_report: int
    delay: int


def read(compound: bytes) -> Iterator[Feedback]:
    """The parts that the node acts on, in order."""
    at = 0
    while at + 4 <= len(compound):
        first, kind, words = _HEAD.unpack_from(compound, at)
        body = compound[at : at + 4 + 4 * words]
        if first >> 6 != 2 or len(body) != 4 + 4 * words:
            return
        yield from _part(first & 31, kind, body)
        at += len(body)


def _part(form: int, kind: int, body: bytes) -> Iterator[Feedback]:
    if kind == SENDER_REPORT and len(body) >= 20:
        ssrc, ntp, rtp = unpack_from("!IQI", body, 4)
        yield SenderReport(ssrc, ntp, rtp)
    elif kind == TRANSPORT_FEEDBACK and form == 1 and len(body) >= 16:
        entries = body[12 : 12 + 4 * MOST_ASKED]
        yield Nack(unpack_from("!I", body, 8)[0], tuple(_asked(entries)))
    elif kind == TRANSPORT_FEEDBACK and form == 15 and len(body) >= 20:
        yield _arrivals(body)
    elif kind == PAYLOAD_FEEDBACK and form == 1 and len(body) >= 12:
        yield KeyFrameWanted(unpack_from("!I", body, 8)[0])
    elif kind == PAYLOAD_FEEDBACK and form == 4:
        for at in range(12, min(len(body), 12 + 8 * MOST_ASKED) - 7, 8):
            yield KeyFrameWanted(unpack_from("!I", body, at)[0])


def _asked(entries: bytes) -> Iterator[int]:
    """RFC 4585 §6.2.1: a number, and a bit for each of the sixteen behind it."""
    for at in range(0, len(entries) - 3, 4):
        first, mask = unpack_from("!HH", entries, at)
        yield first
        yield from ((first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1)


def _arrivals(body: bytes) -> TransportFeedback:
    """Draft-holmer §3.1. What is cut short says nothing of the packets that are missing in it."""
    base, count = unpack_from("!HH", body, 12)
    symbols, at = _statuses(body, min(count, MOST_REPORTED))
    arrived = int.from_bytes(body[16:19], "big") * 64 * 4
    arrivals: list[float | None] = []
    for symbol in symbols:
        if at + symbol > len(body):
            break
        if symbol == 1:
            arrived += body[at]
        elif symbol == 2:
            arrived += unpack_from("!h", body, at)[0]
        at += symbol
        arrivals.append(arrived / _DELTA if symbol else None)
    return TransportFeedback(base, body[19], tuple(arrivals))


def _statuses(body: bytes, count: int) -> tuple[list[int], int]:
    """How many bytes of delta each packet has, none if it did not arrive, and where the deltas
    begin (§3.1.2 to §3.1.4). The reserved status counts as not arrived."""
    symbols: list[int] = []
    at = 20
    while len(symbols) < count and at + 2 <= len(body):
        chunk = body[at] << 8 | body[at + 1]
        at += 2
        if not chunk >> 15:
            symbols += [chunk >> 13 & 3] * min(chunk & 0x1FFF, count - len(symbols))
        elif chunk >> 14 & 1:
            symbols += [chunk >> 12 - 2 * place & 3 for place in range(7)]
        else:
            symbols += [chunk >> 13 - place & 1 for place in range(14)]
    return [0 if symbol == 3 else symbol for symbol in symbols[:count]], at


def nack(sender: int, ssrc: int, sequences: Sequence[int]) -> bytes:
    """Asks for these again; numbers within sixteen of one another share an entry."""
    entries: list[tuple[int, int]] = []
    for sequence in sequences:
        behind = sequence - entries[-1][0] - 1 & 0xFFFF if entries else 0xFFFF
        if behind < 16:
            entries[-1] = (entries[-1][0], entries[-1][1] | 1 << behind)
        else:
            entries.append((sequence, 0))
    body = b"".join(pack("!HH", *entry) for entry in entries)
    return pack("!BBHII", 0x81, TRANSPORT_FEEDBACK, 2 + len(entries), sender, ssrc) + body


def picture_loss(sender: int, ssrc: int) -> bytes:
    """PLI: asks a publisher for a key frame."""
    return pack("!BBHII", 0x81, PAYLOAD_FEEDBACK, 2, sender, ssrc)


def receiver_report(sender: int, blocks: Sequence[Reception]) -> bytes:
    """At most 31 blocks. Jitter is given as 0: the node plays nothing and smooths nothing."""
    body = b"".join(
        _REPORT.pack(
            b.ssrc, b.fraction << 24 | b.lost & 0xFFFFFF, b.highest, 0, b.last_report, b.delay
        )
        for b in blocks
    )
    head = _FIXED.pack(0x80 | len(blocks), RECEIVER_REPORT, 1 + 6 * len(blocks), sender)
    return head + body


def sender_report(ssrc: int, ntp: int, rtp: int, packets: int, octets: int) -> bytes:
    """Ties the stream's clock to the wall's, so that sound and picture can be aligned."""
    counts = (packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    return pack("!BBHIQIII", 0x80, SENDER_REPORT, 6, ssrc, ntp, rtp, *counts)


def ntp(seconds: float) -> int:
    """Unix seconds as a 64-bit NTP timestamp (RFC 5905 §6)."""
    return int((seconds + NTP_EPOCH) * 2**32) & 0xFFFFFFFFFFFFFFFF


def unix(timestamp: int) -> float:
    """A 64-bit NTP timestamp as Unix seconds, from 1968 to 2104 (RFC 4330 §3)."""
    era = 0 if timestamp >> 63 else 2**32
    return timestamp / 2**32 + era - NTP_EPOCH


def transport_feedback(sender: int, ssrc: int, count: int, arrivals: dict[int, float]) -> bytes:
    """Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).

    `arrivals` maps 16-bit numbers to monotonic seconds and is not empty; `count` is the
    feedback packet's own number. Numbers further than MOST_FEEDBACK behind the newest are
    left out. An arrival before its predecessor's needs the wide delta.
    """
    numbers = _window(arrivals)
    reference = int(min(arrivals[n] for n in numbers if n in arrivals) * 1000 / 64)
    symbols, deltas = _symbols(numbers, arrivals, reference * 64 * 4)
    if symbols.count(1) == len(symbols):  # all came, in order: one run of them (§3.1.3)
        chunks = pack("!H", 1 << 13 | len(symbols))
    else:
        chunks = b"".join(_chunk(symbols[i : i + 7]) for i in range(0, len(symbols), 7))
    body = pack("!IIHH", sender, ssrc, numbers[0], len(numbers))
    body += (reference & 0xFFFFFF).to_bytes(3, "big") + bytes((count & 0xFF,)) + chunks + deltas
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes((padding,))
    first = 0x8F | (0x20 if padding else 0)
    return pack("!BBH", first, TRANSPORT_FEEDBACK, len(body) // 4) + body


def _window(arrivals: dict[int, float]) -> list[int]:
    """Consecutive numbers from the oldest to the newest, wrap included, at most MOST_FEEDBACK."""
    pivot = next(iter(arrivals))
    offsets = sorted((n - pivot + 0x8000 & 0xFFFF) - 0x8000 for n in arrivals)
    newest = offsets[-1]
    oldest = next(x for x in offsets if newest - x < MOST_FEEDBACK)
    return [pivot + x & 0xFFFF for x in range(oldest, newest + 1)]


def _symbols(
    numbers: list[int], arrivals: dict[int, float], reference: int
) -> tuple[list[int], bytes]:
    """0 not received, 1 a delta of one byte, 2 of two; the deltas, in quarters of a ms."""
    symbols: list[int] = []
    deltas = bytearray()
    before = reference
    for number in numbers:
        arrived = arrivals.get(number)
        if arrived is None:
            symbols.append(0)
            continue
        delta = max(-32768, min(32767, int(arrived * _DELTA) - before))
        before += delta
        small = 0 <= delta < 256
        symbols.append(1 if small else 2)
        deltas += bytes((delta,)) if small else pack("!h", delta)
    return symbols, bytes(deltas)


def _chunk(symbols: Sequence[int]) -> bytes:
    """A status vector of seven two-bit symbols (§3.1.4)."""
    value = 0xC000
    for place, symbol in enumerate(symbols):
        value |= symbol << 12 - 2 * place
    return value.to_bytes(2, "big")
