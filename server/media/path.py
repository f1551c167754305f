"""The packet path: takes datagrams in and sends media on to slots.

Owns everything that happens for each packet, behind `add_peer`, `add_route`, `choose`,
`on_datagrams` and what undoes them; repairs are in `repairs`. Must not know rooms, names, signaling or sockets: STUN and DTLS go to the
`Edge`, bytes leave through `transmit`. No packet makes an object, a log line or an await.
"""

import struct
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from pylibsrtp import Error as SrtpError

from server.media import numbering, redundancy, vp8
from server.media.counters import Counters
from server.media.fan_out import FanOut
from server.media.fan_out.interpreted import InterpretedFanOut
from server.media.numbering import index_of, layer_of, read_extensions
from server.media.repairs import Repairs
from server.media.ring import Kept
from server.media.speaking import smoothed
from server.media.streams import Address, Leg, Publication, Slot, Source
from server.media.vp8 import Descriptor

STRAYS_PER_SECOND: Final = 100  # decryptions spent on unknown addresses, node-wide
MOST_ADDRESSES: Final = 8  # of one peer
MOST_STREAMS: Final = 16  # SSRCs that one peer may use over time
LONGEST_MEDIA: Final = 1300  # bytes; what libsrtp's buffer holds with everything added

_HEADER = struct.Struct("!BBHII")


class Edge(Protocol):
    """What the packet path hands to others."""

    def on_check(self, datagram: bytes, address: Address, now: float) -> None:
        """A STUN datagram, from anyone."""

    def on_handshake(self, leg: Leg, datagram: bytes, now: float) -> None:
        """A DTLS datagram from an address that a valid check came from."""

    def on_shown(self, slot: Slot, rtp_timestamp: int) -> None:
        """The slot's source sent its first key frame there."""


class PacketPath:
    """All legs of one node and what flows between them. Times are monotonic seconds."""

    def __init__(
        self, edge: Edge, transmit: Callable[[bytes, Address], None], counters: Counters
    ) -> None:
        self._edge = edge
        self._counters = counters
        self.fan_out: FanOut = InterpretedFanOut(transmit, counters)
        self.repairs = Repairs(transmit, counters)
        self._by_address: dict[Address, Leg] = {}
        self._by_ssrc: dict[int, Leg] = {}
        self._strays_left = float(STRAYS_PER_SECOND)
        self._strays_at = 0.0

    # ---- peers, addresses, routes --------------------------------------------------------

    def add_peer(self, leg: Leg) -> None:
        """From now on the leg's streams can be found, also from a new address."""
        for ssrc in leg.streams:
            self._by_ssrc.setdefault(ssrc, leg)

    def remove_peer(self, leg: Leg) -> None:
        """Nothing goes to or comes from the leg any more, at once."""
        leg.connected = False
        published = (slot for one in leg.publications.values() for slot in one.slots)
        for slot in (*leg.slots["audio"], *leg.slots["video"], *published):
            self.remove_route(slot)
        for address in leg.addresses:
            if self._by_address.get(address) is leg:
                del self._by_address[address]
        self._by_ssrc = {ssrc: other for ssrc, other in self._by_ssrc.items() if other is not leg}

    def holder(self, address: Address) -> Leg | None:
        """Whose address this is."""
        return self._by_address.get(address)

    def add_address(self, leg: Leg, address: Address) -> None:
        """A valid check, or authentic media, came from there. The oldest makes room."""
        former = self._by_address.get(address)
        if former is leg:
            return
        if former is not None:
            former.addresses.remove(address)
        if len(leg.addresses) >= MOST_ADDRESSES:
            oldest = next(a for a in leg.addresses if a != leg.address)
            leg.addresses.remove(oldest)
            del self._by_address[oldest]
        self._by_address[address] = leg
        leg.addresses.append(address)

    def move(self, leg: Leg, address: Address) -> None:
        """Everything to this peer goes there from now on."""
        self.add_address(leg, address)
        if leg.address == address:
            return
        if leg.address is not None:
            self._counters.moved += 1
            leg.estimate.path_changed()
        leg.address = address
        for slot in leg.slots_by_ssrc.values():
            if slot.source is not None:
                slot.source.unsettle()

    def add_route(self, publication: Publication, slot: Slot, now: float) -> None:
        """The slot carries this publication, beginning at its next key frame (video). First in the
        smallest size, which comes soonest; `choose` says with which to go on."""
        if slot.publication is publication:
            return
        self.remove_route(slot)
        slot.publication, slot.shown, slot.since = publication, False, now
        publication.slots.append(slot)
        self._begin_with(publication.layers[0], slot, now)

    def remove_route(self, slot: Slot) -> None:
        """The slot carries nothing, at once; its numbers go on where they stopped."""
        if slot.publication is None:
            return
        self._pause(slot)
        slot.publication.slots.remove(slot)
        slot.publication = None

    def choose(self, slot: Slot, layer: int | None, now: float) -> None:
        """Which layer of its publication the slot is to carry; None: none, until another choice.
        Another layer begins at its next key frame, and the one before goes on until then."""
        if slot.publication is None:
            return
        if layer is None:
            self._pause(slot)
            return
        wanted = slot.publication.layers[layer]
        if wanted is (slot.pending or slot.source):
            return
        self._forget_pending(slot)
        if slot.source is None or slot.waiting:
            self._pause(slot)
            self._begin_with(wanted, slot, now)
        elif wanted is not slot.source:
            slot.pending = wanted
            wanted.awaited.append(slot)
            self.repairs.request_key_frame(wanted, now)

    def _begin_with(self, source: Source, slot: Slot, now: float) -> None:
        slot.source = source
        slot.waiting = True
        source.carry(slot)
        if source.kind == "video":
            self.repairs.request_key_frame(source, now)

    def _pause(self, slot: Slot) -> None:
        """Its owner stays, its numbers go on where they stopped."""
        self._forget_pending(slot)
        if slot.source is None:
            return
        numbering.stop(slot, slot.source)
        slot.source.drop(slot)
        slot.source = None
        slot.resent.clear()

    def _forget_pending(self, slot: Slot) -> None:
        if slot.pending is not None:
            slot.pending.awaited.remove(slot)
            slot.pending = None

    def _switch(self, source: Source, now: float) -> None:
        """A key frame has come of a layer that slots are to go on with: they do."""
        for slot in source.awaited:
            before = slot.source
            assert before is not None
            slot.aligned = numbering.aligned(slot, before, source)
            numbering.stop(slot, before)
            before.drop(slot)
            slot.source, slot.pending = source, None
            slot.resent.clear()
            source.carry(slot)
        source.awaited.clear()

    # ---- datagrams in --------------------------------------------------------------------

    def on_datagrams(self, datagrams: Iterable[tuple[bytes, Address]], now: float) -> None:
        """One batch, all arrived at `now`. Whatever they hold, none of them raises."""
        for datagram, address in datagrams:
            try:
                self._datagram(datagram, address, now)
            except Exception:
                self._counters.faults += 1

    def _datagram(self, datagram: bytes, address: Address, now: float) -> None:
        """Demultiplexes by the first byte (RFC 7983 §7)."""
        counters = self._counters
        counters.received += 1
        if len(datagram) < 12:
            counters.short += 1
            return
        first = datagram[0]
        if 127 < first < 192:
            self._protected(datagram, address, now)
        elif first < 4:
            self._edge.on_check(datagram, address, now)
        elif 19 < first < 64:
            leg = self._by_address.get(address)
            if leg is None:
                counters.dtls_unknown += 1
            elif leg.records_left < 1:
                counters.too_many += 1
            else:
                leg.records_left -= 1
                self._edge.on_handshake(leg, datagram, now)
        else:
            counters.foreign += 1

    def _protected(self, datagram: bytes, address: Address, now: float) -> None:
        """SRTP or SRTCP (RFC 5761 §4), if a peer is there whose it could be. Only what is authentic
        is taken off what a peer may send: forgers silence nobody."""
        leg = self._by_address.get(address)
        if leg is None:
            self._stray(datagram, address, now)
        elif not leg.connected:
            self._counters.early += 1
        elif leg.packets_left < 1:
            self._counters.too_many += 1
        elif 191 < datagram[1] < 224:
            self.repairs.control(leg, datagram, now)
        else:
            self._media(leg, datagram, address, now)

    def _stray(self, datagram: bytes, address: Address, now: float) -> None:
        """Media from an unknown address: perhaps a peer whose network changed. The SSRC names the
        peer; then the packet must authenticate, which a replay does not. Decryptions are limited,
        so guessing SSRCs costs the node little."""
        self._counters.unknown_address += 1
        leg = self._by_ssrc.get(int.from_bytes(datagram[8:12], "big"))
        if leg is None or not leg.connected or 191 < datagram[1] < 224:
            return
        self._strays_at, waited = now, now - self._strays_at
        self._strays_left = min(self._strays_left + waited * STRAYS_PER_SECOND, STRAYS_PER_SECOND)
        if self._strays_left >= 1:
            self._strays_left -= 1
            self._media(leg, datagram, address, now)

    def _media(self, leg: Leg, datagram: bytes, address: Address, now: float) -> None:
        """One SRTP packet of a connected peer, up to the source it belongs to."""
        try:
            packet = leg.unprotect(datagram)
        except (SrtpError, ValueError):
            self._counters.srtp_refused += 1
            return
        leg.packets_left -= 1
        leg.heard = now
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(packet)
        at = 12 + 4 * (first & 15)
        end = len(packet) - (packet[-1] if first & 32 else 0)
        level = -1
        try:
            if first & 16:
                at, level = read_extensions(leg, packet, at, now)
            source = leg.streams.get(ssrc)
            repaired = source is None
            if source is None:
                source, repaired = self._stream(leg, ssrc, second & 127, packet)
            if source is None or end - at < (3 if repaired else 0):
                return  # nobody's, padding that probes for bandwidth, or more of it than packet
            if repaired:
                sequence, at = packet[at] << 8 | packet[at + 1], at + 2
            elif second & 127 != source.payload and second & 127 != source.redundant_payload:
                self._counters.unknown_stream += 1
                return
        except IndexError:
            self._counters.malformed += 1
            return
        if level >= 0:
            silent = numbering.paused(source, sequence, timestamp)
            source.level = smoothed(source.level, level, paused=silent)
        payload, index = packet[at:end], index_of(source, sequence)
        newest = source.index
        descriptor = vp8.read(payload) if payload and source.ring else vp8.NONE
        if not source.ring and second & 127 != source.payload:
            packed = index, 0, timestamp, payload, vp8.NONE
            descriptor, payload = self._opened(source, packed, now)
        if descriptor is None or len(payload) > LONGEST_MEDIA:
            self._counters.malformed += 1
            return
        late = repaired and source.ring is not None and source.ring.late(index)
        self._counters.repaired += repaired and not late
        source.packets += not late
        if not late and index not in source.recent:
            self._accept(source, (index, second & 128, timestamp, payload, descriptor), now)
        if source.index > newest and address != leg.address:
            self.move(leg, address)

    def _stream(
        self, leg: Leg, ssrc: int, payload: int, packet: bytes
    ) -> tuple[Source | None, bool]:
        """The source of an SSRC not seen before, by its payload type and, where the camera sends
        several sizes, by the layer that the packet names; True for its repair stream."""
        source = leg.repairs.get(ssrc)
        if source is not None:
            return source, True
        publication, repaired = leg.by_payload.get(payload, (None, False))
        if publication is not None:
            rid = layer_of(leg, packet, repaired=repaired) if publication.by_rid else ""
            source = publication.by_rid.get(rid) if publication.by_rid else publication.layers[0]
        if source is None or len(leg.repairs) + len(leg.streams) >= MOST_STREAMS:
            self._counters.unknown_stream += 1
            return None, False
        if repaired:
            leg.repairs[ssrc] = source
            return source, True
        for slot in source.routes:
            numbering.stop(slot, source)
        source.restart(ssrc)
        leg.streams[ssrc] = source
        self._by_ssrc.setdefault(ssrc, leg)
        return source, False

    def _opened(self, source: Source, packet: Kept, now: float) -> tuple[Descriptor | None, bytes]:
        """The newest sound of a packet that has earlier ones too; of these, what was lost goes on
        as if it had come by itself, but reports still say that it was lost."""
        descriptor, newest, earlier = redundancy.read(packet[3], source.payload)
        for one in redundancy.lost(source.recent, packet, earlier):
            self._counters.restored += 1
            self._accept(source, one, now)
        return descriptor, newest

    def _accept(self, source: Source, kept: Kept, now: float) -> None:
        """Notes what is newest, keeps video for repairs, and forwards what is allowed."""
        index, _, timestamp, _, descriptor = kept
        source.octets += len(kept[3])
        if index > source.index:
            if source.ring and index - source.index > 1:
                numbering.note_missing(source, index)
            source.index, source.timestamp, source.arrived = index, timestamp, now
            if kept[3]:  # padding is of no picture
                source.picture, source.tl0 = descriptor[2], descriptor[5]
        else:
            source.missing.pop(index, None)
        if not source.publication.allowed:
            self._counters.not_allowed += 1
            source.recent.clear()
            return
        if source.ring is not None:
            source.ring.keep(kept)
            if descriptor[1]:
                source.key_frame.came()
        self._forward(source, kept, now)

    # ---- media out -----------------------------------------------------------------------

    def _forward(self, source: Source, kept: Kept, now: float) -> None:
        """To every slot, with numbers, SSRC and CSRC of its own."""
        if source.awaited and kept[4][1]:
            self._switch(source, now)
        if not source.settled:
            self._begin(source, kept, now)
        longer = None if source.ring else redundancy.repeated(source.recent, kept)
        self.fan_out.send(source, kept, longer, now)

    def _begin(self, source: Source, kept: Kept, now: float) -> None:
        """The turns of slots that waited for such a packet. Of pictures a new owner's first is
        announced, and not the same person in another size."""
        source.fan, source.settled = None, True
        fits = source.kind == "audio" or kept[4][1]
        for slot in source.routes:
            if not slot.waiting:
                continue
            if not fits:
                source.settled = False
                continue
            numbering.begin(slot, kept, now)
            if slot.kind == "video" and not slot.shown:
                slot.shown = True
                self._edge.on_shown(slot, kept[2] + slot.timestamp_shift & 0xFFFFFFFF)
