"""The fan-out in C, by a library that the launcher or the image made of `fan_out.c`.

Owns the way to that library and what it is handed: one array of streams for each source, made when
the source's routes, beginnings or addresses have changed. Python's state stays the only one: what
both write (the log and the counts) is one piece of memory. Must not know the rules of either.
"""

import sys
from array import array
from pathlib import Path
from struct import Struct
from typing import Any, Final, NamedTuple, cast

from cffi import FFI

from server.launcher.compiler import HEADER, library_path
from server.media.counters import Counters
from server.media.placement import Fence
from server.media.redundancy import DISTANCE, Payloads
from server.media.ring import Kept
from server.media.sealing import sealing_function
from server.media.streams import Address, Slot, Source

MOST_SLOTS: Final = 64  # of one call; a source with more takes several
ONCE: Final = 24  # bytes of a `struct job` before what is packed for each packet
_PACKED: Final = Struct("=QqddIIIIIIBBBBBBBB")


class Library(NamedTuple):
    """What was loaded. `seal` is libsrtp's own function."""

    ffi: FFI
    functions: Any
    seal: Any


def load(prefix: Path = Path(sys.prefix)) -> Library | None:
    """None where there is no library, or pylibsrtp's binding is not the one that is known."""
    seal, path = sealing_function(), library_path(prefix)
    if not seal or not path.is_file():
        return None
    ffi = FFI()
    ffi.cdef(HEADER.read_text(encoding="utf-8"))
    try:
        functions = ffi.dlopen(str(path))
    except OSError:  # made for another machine
        return None
    return Library(ffi, functions, ffi.cast("seal_function", seal))


class Fan(NamedTuple):
    """Streams of one source. `held` keeps alive what they point to."""

    streams: Any
    address: int  # of `streams`
    size: int
    opus: int  # the payload type of all that repeat their sounds; 0: they repeat none
    held: list[object]


class WayOut(NamedTuple):
    """The node's socket, as a descriptor, and what says until when it may send."""

    file: int
    ipv6: bool
    fence: Fence


class CompiledFanOut:
    """Sends on `way_out` itself."""

    name = "C"

    def __init__(self, library: Library, way_out: WayOut, counters: Counters) -> None:
        self._ffi, self._functions, seal = library
        self._way_out, self._counters = way_out, counters
        self._sealed = self._ffi.new("struct sealed[]", MOST_SLOTS)
        self._job = self._ffi.new("struct job *")
        self._job.seal, self._job.out, self._job.file = seal, self._sealed, way_out.file
        self._memory = self._ffi.buffer(self._job)

    def send(self, source: Source, kept: Kept, longer: Payloads | None, now: float) -> None:
        """See `FanOut`."""
        fans: list[Fan] = source.fan if source.fan is not None else self._fans(source)
        for fan in fans:
            repeated = b"" if longer is None or not fan.opus else longer[fan.opus]
            self._pack(source, kept, fan, len(repeated), now)
            sealed = self._functions.fan_out(self._job, kept[3], repeated)
            self._counters.forwarded += sealed if sealed >= 0 else self._troubled()

    def _pack(self, source: Source, kept: Kept, fan: "Fan", longer: int, now: float) -> None:
        index, marker, timestamp, payload, descriptor = kept
        _, _, picture, width, picture_at, tl0, tl0_at, end = descriptor
        _PACKED.pack_into(
            self._memory,
            ONCE,
            fan.address,
            index,
            now,
            self._way_out.fence.until,
            fan.size,
            len(payload),
            longer,
            timestamp,
            source.publication.csrc,
            picture,
            marker,
            int(source.level),
            source.ring is not None,
            width,
            picture_at,
            tl0,
            tl0_at,
            end,
        )

    def _troubled(self) -> int:
        """Counts what went wrong with the last packet; how many were sealed."""
        job, counters = self._job, self._counters
        counters.not_sent += job.not_sealed + job.not_sent
        counters.fenced += job.fenced
        return int(job.sealed)

    def _fans(self, source: Source) -> list[Fan]:
        """Made again after each `Source.unsettle`. One for each payload
        type that sounds are repeated in, and one for slots that repeat none."""
        by_type: dict[int, list[Slot]] = {}
        for slot in source.routes:
            if not slot.waiting:
                by_type.setdefault(slot.payload if slot.redundant else 0, []).append(slot)
        source.fan = fans = [
            self._fan(opus, slots[at : at + MOST_SLOTS])
            for opus, slots in by_type.items()
            for at in range(0, len(slots), MOST_SLOTS)
        ]
        return fans

    def _fan(self, opus: int, slots: list[Slot]) -> Fan:
        streams = self._ffi.new("struct stream[]", len(slots))
        held: list[object] = []
        for at, slot in enumerate(slots):
            self._fill(streams + at, slot, held)
        address = int(self._ffi.cast("uintptr_t", streams))
        return Fan(streams, address, len(slots), opus, held)

    def _fill(self, stream: Any, slot: Slot, held: list[object]) -> None:
        leg, log = slot.leg, slot.leg.sent
        held += [leg.protect, log, slot]  # what is pointed to lives as long as they do
        stream.srtp = self._pointer("void *", leg.srtp)
        stream.link_counts = self._pointer("uint64_t *", _start(log.counts))
        stream.sent_at = self._pointer("double *", _start(log.sent_at))
        stream.sizes = self._pointer("uint16_t *", _start(log.sizes))
        stream.slot_counts = self._pointer("uint64_t *", _start(slot.counts))
        stream.start, stream.repeats_from = slot.start, slot.start + DISTANCE
        stream.shift = slot.shift & 0xFFFF
        stream.timestamp_shift = slot.timestamp_shift & 0xFFFFFFFF
        stream.picture_shift = slot.picture_shift & 0x7FFF
        stream.tl0_shift = slot.tl0_shift & 0xFF
        stream.ssrc, stream.first, stream.payload = slot.ssrc, slot.first, slot.payload
        stream.redundant = slot.redundant
        stream.level_id, stream.transport_id = slot.extension_ids
        if leg.address is not None:
            self._resolve(stream, leg.address)

    def _pointer(self, kind: str, address: int) -> Any:
        return self._ffi.cast(kind, address)

    def _resolve(self, stream: Any, address: Address) -> None:
        """An address that the socket knows no form of gets nothing, and is counted."""
        host, port, *rest = cast("tuple[Any, ...]", address)  # of IPv6: and flow, and scope
        scope = f"%{rest[1]}" if rest and rest[1] else ""  # of a link-local one
        figures = f"{host}{scope}".encode(), str(port).encode()
        if self._functions.resolve(stream, *figures, self._way_out.ipv6):
            self._counters.not_sent += 1


def _start(memory: "array[Any]") -> int:
    """Where an array that never grows has its values."""
    return memory.buffer_info()[0]
