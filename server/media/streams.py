"""What the packet path knows of a peer: its leg, what it publishes, the slots it receives.

Owns plain state and how it is made from an offer. No behaviour beyond that: the packet path
changes it for each packet, so every field is a number or a direct reference.
"""

import secrets
from array import array
from collections.abc import Callable
from typing import Any, Final

from server.media.description import (
    LEVEL,
    REPAIRED_RID,
    RID,
    TRANSPORT_CC,
    Kind,
    Line,
    OfferedMedia,
)
from server.media.estimate import Estimate, Probe
from server.media.headers import layout
from server.media.key_frames import KeyFrame
from server.media.redundancy import Recent
from server.media.ring import Ring
from server.media.sent_log import SentLog
from server.media.speaking import SILENT_LEVEL

Address = tuple[str, int]
Crypt = Callable[[bytes], bytes]

BURST_BYTES: Final = 60_000.0  # repairs that a peer may get at once
MOST_PACKETS: Final = 1000.0  # RTP, RTCP and checks of one peer at once, and in each second
MOST_RECORDS: Final = 100.0  # DTLS datagrams of one peer at once, and in each second
MOST_ASKS: Final = 2000.0  # packets that a peer may ask for again at once, and in each second
PACKETS, OCTETS = 0, 1  # in `Slot.counts`
CLOCK: Final[dict[Kind, int]] = {"audio": 48000, "video": 90000}  # RTP ticks a second


def _no_keys(_packet: bytes) -> bytes:
    """A leg without keys passes nothing; asking it to is a programming error."""
    raise RuntimeError("media before keys")


class Leg:
    """A peer as packets see it: addresses, keys, and its streams by SSRC."""

    __slots__ = (
        "address", "addresses", "arrivals", "asks_left", "budget", "by_payload",
        "clock_offset", "connected", "estimate", "feedback_count", "heard", "level_id", "packets_left",
        "phase", "probe", "protect", "protect_rtcp", "publications", "records_left", "repaired_rid_id",
        "repairs", "rid_id", "sent", "slots", "slots_by_ssrc", "srtp", "ssrc", "streams",
        "transport_id", "unprotect", "unprotect_rtcp",
    )  # fmt: skip

    def __init__(self) -> None:
        self.connected = False  # the certificate is checked and the keys are here
        self.address: Address | None = None  # where we send to
        self.addresses: list[Address] = []  # all that a valid check came from, oldest first
        self.protect: Crypt = _no_keys
        self.protect_rtcp: Crypt = _no_keys
        self.unprotect: Crypt = _no_keys
        self.unprotect_rtcp: Crypt = _no_keys
        self.srtp = 0  # where libsrtp keeps what `protect` seals with, while `protect` lives
        self.phase = 0  # which ticks of the clock are this leg's (reports.py)
        self.heard = 0.0  # monotonic time of the last authentic datagram
        self.publications: dict[Kind, Publication] = {}
        self.by_payload: dict[int, tuple[Publication, bool]] = {}  # True: it is the repair stream
        self.streams: dict[int, Source] = {}  # by media SSRC
        self.repairs: dict[int, Source] = {}  # by repair SSRC
        self.slots: dict[Kind, list[Slot]] = {"audio": [], "video": []}
        self.slots_by_ssrc: dict[int, Slot] = {}
        self.level_id = self.transport_id = self.rid_id = self.repaired_rid_id = 0
        self.arrivals: dict[int, float] = {}  # transport-cc number to monotonic time
        self.feedback_count = 0
        self.sent = SentLog()
        self.estimate, self.probe = Estimate(), Probe()  # of the link to the peer
        self.budget = BURST_BYTES  # bytes that repairs to this peer may still take
        self.packets_left, self.records_left = MOST_PACKETS, MOST_RECORDS
        self.asks_left = MOST_ASKS
        self.clock_offset: float | None = None  # our NTP seconds minus the publisher's
        self.ssrc = secrets.randbits(31) | 1  # of our own reports


class Publication:
    """A peer's microphone or camera: one stream, or the same picture in several sizes.

    `layers` are its streams from the smallest picture to the largest. Which of them arrive is
    seen by what arrives: a browser stops those that its network or processor cannot carry.
    """

    __slots__ = ("allowed", "by_rid", "csrc", "kind", "layers", "leg", "rated_at", "rates", "slots")

    def __init__(self, leg: Leg, line: Line) -> None:
        self.leg = leg
        self.kind: Kind = line.kind
        self.csrc = 0
        self.allowed = False  # what the desired value lets the peer send
        self.slots: list[Slot] = []  # all that show it, whatever layer they carry
        self.layers = [Source(self, line) for _ in line.rids or ("",)]
        self.by_rid = dict(zip(line.rids, self.layers, strict=False))
        self.rates: list[int] = []  # bits a second of each layer as they were at `rated_at`
        self.rated_at = float("-inf")

    @property
    def arrived(self) -> float:
        """When something of it came last, monotonic."""
        return max(layer.arrived for layer in self.layers)

    def arriving(self, now: float, within: float) -> list[int]:
        """The layers of which something came within so many seconds."""
        return [at for at, one in enumerate(self.layers) if now - one.arrived < within]


class Source:
    """One stream of a publication. `index` is the sequence number without its wrap."""

    __slots__ = (
        "arrived", "awaited", "base", "bitrate", "expected_before", "fan", "index", "key_frame",
        "kind", "leg", "level", "missing", "octets", "packets", "packets_before", "payload", "picture",
        "publication", "recent", "redundant_payload", "repair_payload", "ring", "routes", "sender_report",
        "settled", "ssrc", "timestamp",
        "tl0",
    )  # fmt: skip

    def __init__(self, publication: Publication, line: Line) -> None:
        self.publication = publication
        self.leg = publication.leg
        self.kind: Kind = line.kind
        self.payload = line.payload
        self.repair_payload = line.repair_payload
        self.redundant_payload = line.redundant_payload or -1  # -1: no packet has it
        self.routes: list[Slot] = []  # slots that carry this layer, or wait to begin with it
        self.awaited: list[Slot] = []  # slots that carry another one until its next key frame
        self.restart(line.ssrc)

    def restart(self, ssrc: int) -> None:
        """A stream under a new SSRC: nothing of the old numbers holds."""
        self.ssrc = ssrc
        self.unsettle()
        self.index = -1  # of the newest packet; -1 before the first
        self.base = 0
        self.timestamp = self.picture = self.tl0 = 0  # of the newest packet
        self.arrived = 0.0  # monotonic
        self.packets = self.packets_before = self.expected_before = 0
        self.octets = self.bitrate = 0  # payload since the last report; bits a second
        self.level = SILENT_LEVEL
        self.ring = Ring() if self.kind == "video" else None  # None: sound is not repaired
        self.recent: Recent = {}  # the latest sounds that others may hear; of a camera none
        self.missing: dict[int, tuple[float, int]] = {}  # index: last asked, how often
        self.key_frame = KeyFrame()
        self.sender_report: tuple[int, int, float] | None = None  # NTP, RTP, arrived

    def carry(self, slot: "Slot") -> None:
        """The slot is sent this stream from its next beginning on."""
        self.routes.append(slot)
        self.unsettle()

    def drop(self, slot: "Slot") -> None:
        """The slot is sent nothing of it any more."""
        self.routes.remove(slot)
        self.unsettle()

    def unsettle(self) -> None:
        """Routes, their beginnings or where they lead have changed: the next packet looks at them
        again. What the fan-out kept goes at once, and with it who has left."""
        self.settled = False  # every route has begun, and `fan` knows it as it is
        self.fan: Any = None  # what the fan-out keeps between packets; None: to be made


class Slot:
    """One stream that a peer receives, continuous across owners. Shifts are modulo the field.

    `sequence`, `timestamp`, `picture`, `tl0` and `sent_at` say where the stream stopped when
    it had no source; they are stale while it has one that has begun.
    """

    __slots__ = (
        "aligned",
        "clock",
        "counts",
        "extension_ids",
        "extensions",
        "first",
        "fresh",
        "index",
        "kind",
        "leg",
        "mid",
        "pack",
        "payload",
        "pending",
        "picture",
        "picture_shift",
        "publication",
        "redundant",
        "redundant_payload",
        "repair_payload",
        "repair_sequence",
        "repair_ssrc",
        "resent",
        "sent_at",
        "sequence",
        "shift",
        "shown",
        "since",
        "source",
        "ssrc",
        "start",
        "timestamp",
        "timestamp_shift",
        "tl0",
        "tl0_shift",
        "waiting",
    )  # fmt: skip

    def __init__(self, leg: Leg, line: Line, index: int) -> None:
        self.leg = leg
        self.kind: Kind = line.kind
        self.mid = line.mid
        self.index = index
        self.clock = CLOCK[line.kind]
        self.payload = line.payload
        self.repair_payload = line.repair_payload
        self.redundant_payload = line.redundant_payload
        self.redundant = self.redundant_payload  # 0: the link has no room, or none was offered
        self.ssrc = secrets.randbits(31) | 1
        self.repair_ssrc = secrets.randbits(31) | 1 << 31 if line.repair_payload else 0
        self.repair_sequence = secrets.randbits(15)
        self.publication: Publication | None = None
        self.source: Source | None = None  # the layer; None: nothing is sent
        self.pending: Source | None = None  # the layer to go on with at its next key frame
        self.aligned: int | None = None  # the timestamp's shift in that layer, where it is known
        self.shown = False  # the owner's first picture was announced
        self.since = 0.0  # when it got this owner, monotonic
        self.waiting = True  # for the source's next key frame (video) or packet (audio)
        self.fresh = True  # nothing was ever sent
        self.start = 0  # the source's index that this turn began with
        self.shift = self.timestamp_shift = self.picture_shift = self.tl0_shift = 0
        self.sequence = secrets.randbits(15)  # below 2^15: no roll-over is guessed (RFC 3711)
        self.timestamp = secrets.randbits(32)
        self.picture = secrets.randbits(14)
        self.tl0 = secrets.randbits(8)
        self.sent_at = 0.0
        self.counts = array("Q", (0, 0))  # sent: packets, payload
        self.resent: dict[int, float] = {}  # sequence number to monotonic time
        level = line.extension(LEVEL) if line.kind == "audio" else 0
        self.extension_ids = level, line.extension(TRANSPORT_CC)
        self.first, self.pack, self.extensions = layout(*self.extension_ids)

    def repeat(self, fits: bool) -> None:
        """Whether each sound is sent with those before it, where the browser takes that."""
        redundant = self.redundant_payload if fits else 0
        if redundant != self.redundant and self.source is not None:
            self.source.unsettle()
        self.redundant = redundant


def leg_of(offered: OfferedMedia) -> Leg:
    """Everything that one offer makes."""
    leg = Leg()
    for line in offered.lines:
        leg.level_id = leg.level_id or line.extension(LEVEL)
        leg.transport_id = leg.transport_id or line.extension(TRANSPORT_CC)
        leg.rid_id = leg.rid_id or line.extension(RID)
        leg.repaired_rid_id = leg.repaired_rid_id or line.extension(REPAIRED_RID)
    for kind, line in offered.sending().items():
        _publish(leg, kind, line)
    for line in offered.lines:
        if line.direction == "receive":
            _add_slot(leg, line)
    return leg


def _publish(leg: Leg, kind: Kind, line: Line) -> None:
    publication = leg.publications[kind] = Publication(leg, line)
    leg.by_payload[line.payload] = (publication, False)
    if line.repair_payload:
        leg.by_payload[line.repair_payload] = (publication, True)
    if line.redundant_payload:
        leg.by_payload[line.redundant_payload] = (publication, False)
    if line.rids:
        return  # each packet says which layer it is of
    if line.ssrc:
        leg.streams[line.ssrc] = publication.layers[0]
    if line.repair_ssrc:
        leg.repairs[line.repair_ssrc] = publication.layers[0]


def _add_slot(leg: Leg, line: Line) -> None:
    slots = leg.slots[line.kind]
    slot = Slot(leg, line, len(slots))
    slots.append(slot)
    leg.slots_by_ssrc[slot.ssrc] = slot
    if slot.repair_ssrc:
        leg.slots_by_ssrc[slot.repair_ssrc] = slot
