"""Reads a browser's offer into the few things the node accepts, or refuses it with a code.

Pure. Owns the allow-list: Opus and VP8, five header extensions, the layers of a picture (RFC 8851,
RFC 8853), one certificate fingerprint.
What is not named here does not get through; candidates are never read. Any text gives an
`OfferedMedia` or a code, never an exception. Source: RFC 8866 (SDP), RFC 8829 (JSEP), and what
Chromium and Firefox send.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal, NamedTuple

from server.media.messages import LONGEST_OFFER, Code

Kind = Literal["audio", "video"]
Direction = Literal["send", "receive", "inactive"]

MOST_LINES: Final = 44
MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
LEVEL: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TRANSPORT_CC: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
RID: Final = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID: Final = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
MOST_LAYERS: Final = 3
EXTENSIONS: Final[dict[Kind, tuple[str, ...]]] = {
    "audio": (MID, LEVEL, TRANSPORT_CC),
    "video": (MID, TRANSPORT_CC, RID, REPAIRED_RID),
}
CODECS: Final[dict[Kind, str]] = {"audio": "opus/48000/2", "video": "vp8/90000"}
REDUNDANT: Final = "red/48000/2"
DIRECTIONS: Final[dict[str, Direction]] = {
    "sendonly": "send",
    "sendrecv": "send",
    "recvonly": "receive",
    "inactive": "inactive",
}

_MEDIA = re.compile(r"(audio|video) \d{1,5} UDP/TLS/RTP/SAVPF((?: \d{1,3}){1,64})", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{1,16}", re.ASCII)
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}", re.ASCII)
_FINGERPRINT = re.compile(r"sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})", re.ASCII | re.IGNORECASE)
_EXTENSION = re.compile(r"(\d{1,2})(?:/[a-z]{8,9})? (\S{1,128})", re.ASCII)
_RTPMAP = re.compile(r"(\d{1,3}) (\S{1,64})", re.ASCII)
_APT = re.compile(r"(\d{1,3}) apt=(\d{1,3})", re.ASCII)
_BLOCKS = re.compile(r"(\d{1,3}) (\d{1,3})(?:/\2){1,31}", re.ASCII)
_SSRC = re.compile(r"(\d{1,10})(?: .*)?", re.ASCII)
_SEND_RIDS = re.compile(r"send ([A-Za-z0-9]{1,8}(?:;[A-Za-z0-9]{1,8}){0,7})", re.ASCII)
_FID = re.compile(r"FID (\d{1,10}) (\d{1,10})", re.ASCII)


class Refusal(NamedTuple):
    """An offer that is not answered, and why."""

    code: Code


@dataclass(frozen=True, slots=True)
class Line:
    """One accepted media line. `send` means that the browser sends; 0 means absent."""

    kind: Kind
    mid: str
    direction: Direction
    payload: int
    repair_payload: int = 0
    extensions: tuple[tuple[str, int], ...] = ()
    ssrc: int = 0
    repair_ssrc: int = 0
    rids: tuple[str, ...] = ()  # of its layers, the smallest picture first; none: one stream
    redundant_payload: int = 0  # of sound that carries earlier sound as well (RED)

    def extension(self, uri: str) -> int:
        """The id the browser gave the extension, 1 to 14, or 0."""
        return dict(self.extensions).get(uri, 0)


class Offered(NamedTuple):
    """What tells offers of one peer apart: another `certificate` is another connection, another
    `ufrag` restarts ICE. `lines`, a digest, may not change within a connection."""

    certificate: bytes
    ufrag: str
    lines: bytes


@dataclass(frozen=True, slots=True)
class OfferedMedia:
    """An offer as far as the node cares. `fingerprint` is the SHA-256 of the certificate."""

    ufrag: str
    fingerprint: bytes
    lines: tuple[Line, ...]
    mixed_extensions: bool = False

    def sending(self) -> dict[Kind, Line]:
        """The line of each kind that the browser sends: the first; further ones stay unused."""
        found: dict[Kind, Line] = {}
        for line in self.lines:
            if line.direction == "send":
                found.setdefault(line.kind, line)
        return found

    def receiving(self, kind: Kind) -> tuple[Line, ...]:
        """The slots of this kind, in the order of the offer."""
        return tuple(x for x in self.lines if x.kind == kind and x.direction == "receive")

    def identity(self) -> Offered:
        """The little of it that outlives the answer."""
        shape = repr([(line.kind, line.mid, line.direction) for line in self.lines])
        return Offered(self.fingerprint, self.ufrag, sha256(shape.encode()).digest())


@dataclass(slots=True)
class _Section:
    """One media section while it is read; `attributes` are its `a=` lines without `a=`."""

    kind: Kind
    payloads: list[int]
    attributes: list[str] = field(default_factory=list)

    def values(self, name: str) -> Iterator[str]:
        prefix = name + ":"
        return (x[len(prefix) :] for x in self.attributes if x.startswith(prefix))


def read_offer(sdp: str) -> OfferedMedia | Refusal:
    """The offer's allow-listed content, or why there is none. Bounded in time by its size."""
    if len(sdp) > LONGEST_OFFER or len(sdp.encode(errors="replace")) > LONGEST_OFFER:
        return Refusal("media.offer_too_large")
    text = re.split(r"\r\n|\r|\n", sdp)
    if sum(line.startswith("m=") for line in text) > MOST_LINES:
        return Refusal("media.too_many_lines")
    split = _sections(text)
    if split is None:
        return Refusal("media.offer_malformed")
    return _offered(*split)


def _sections(text: list[str]) -> tuple[list[str], list[_Section]] | None:
    """Session attributes and media sections; None when a media line is none of ours."""
    session: list[str] = []
    sections: list[_Section] = []
    for line in text:
        if line.startswith("m="):
            match = _MEDIA.fullmatch(line[2:])
            if match is None:
                return None
            kind: Kind = "audio" if match[1] == "audio" else "video"
            sections.append(_Section(kind, [int(number) for number in match[2].split()]))
        elif line.startswith("a="):
            (sections[-1].attributes if sections else session).append(line[2:])
    return (session, sections) if sections else None


def _offered(session: list[str], sections: list[_Section]) -> OfferedMedia | Refusal:
    everything = session + [x for section in sections for x in section.attributes]
    ufrag = _only(everything, "ice-ufrag:", _UFRAG)
    prints = {
        match[1].lower()
        for x in _all(everything, "fingerprint:")
        if (match := _FINGERPRINT.fullmatch(x))
    }
    setups = set(_all(everything, "setup:"))
    if not ufrag or len(prints) != 1 or not setups <= {"actpass", "active"} or not setups:
        return Refusal("media.offer_malformed")
    lines = [_line(section) for section in sections]
    for line in lines:
        if isinstance(line, Refusal):
            return line
    read = tuple(line for line in lines if isinstance(line, Line))
    if len({line.mid for line in read}) != len(read):
        return Refusal("media.offer_malformed")
    fingerprint = bytes.fromhex(prints.pop().replace(":", ""))
    return OfferedMedia(ufrag, fingerprint, read, "extmap-allow-mixed" in session)


def _all(attributes: list[str], prefix: str) -> Iterator[str]:
    return (x[len(prefix) :] for x in attributes if x.startswith(prefix))


def _only(attributes: list[str], prefix: str, pattern: re.Pattern[str]) -> str:
    """The one value that all sections of the bundle share, or the empty string."""
    found = set(_all(attributes, prefix))
    return found.pop() if len(found) == 1 and pattern.fullmatch(next(iter(found))) else ""


def _line(section: _Section) -> Line | Refusal:
    """One section under the allow-list. Its first matching payload counts, as in the answer."""
    mid = next(section.values("mid"), "")
    direction: Direction = "send"  # sendrecv is the default (RFC 8866 §6.7)
    for attribute in section.attributes:
        direction = DIRECTIONS.get(attribute, direction)
    if not _TOKEN.fullmatch(mid):
        return Refusal("media.offer_malformed")
    payload = _payload(section)
    if not payload:
        return Refusal("media.no_codec")
    ssrc, repair_ssrc = _sources(section) if direction == "send" else (0, 0)
    return Line(
        kind=section.kind,
        mid=mid,
        direction=direction,
        payload=payload,
        repair_payload=_repair(section, payload),
        extensions=_extensions(section),
        ssrc=ssrc,
        repair_ssrc=repair_ssrc,
        rids=_rids(section) if section.kind == "video" and direction == "send" else (),
        redundant_payload=_redundant(section, payload) if section.kind == "audio" else 0,
    )


def _usable(payload: int) -> bool:
    """Dynamic payload types that RTCP's packet types cannot be taken for (RFC 5761 §4)."""
    return 35 <= payload <= 63 or 96 <= payload <= 127


def _named(section: _Section) -> dict[int, str]:
    """Payload to codec, for the payloads of the media line alone, names in lower case."""
    matches = (_RTPMAP.fullmatch(x) for x in section.values("rtpmap"))
    named = {int(match[1]): match[2].lower() for match in matches if match}
    return {x: named[x] for x in section.payloads if x in named and _usable(x)}


def _payload(section: _Section) -> int:
    wanted = CODECS[section.kind]
    return next((x for x, name in _named(section).items() if name == wanted), 0)


def _repair(section: _Section, payload: int) -> int:
    """The RTX payload (RFC 4588) for this one; sound is never retransmitted."""
    if section.kind == "audio":
        return 0
    named = _named(section)
    for match in (_APT.fullmatch(x) for x in section.values("fmtp")):
        if match and int(match[2]) == payload and named.get(int(match[1])) == "rtx/90000":
            return int(match[1])
    return 0


def _redundant(section: _Section, payload: int) -> int:
    """The RED payload whose blocks are all of this one (RFC 2198, section 4)."""
    named = _named(section)
    for match in (_BLOCKS.fullmatch(x) for x in section.values("fmtp")):
        if match and int(match[2]) == payload and named.get(int(match[1])) == REDUNDANT:
            return int(match[1])
    return 0


def _extensions(section: _Section) -> tuple[tuple[str, int], ...]:
    """The known extensions with ids that fit a one-byte header (RFC 8285 §4.2)."""
    matches = (_EXTENSION.fullmatch(x) for x in section.values("extmap"))
    found = {match[2]: int(match[1]) for match in matches if match}
    known = EXTENSIONS[section.kind]
    return tuple((uri, found[uri]) for uri in known if 1 <= found.get(uri, 0) <= 14)


def _rids(section: _Section) -> tuple[str, ...]:
    """The layers that the browser sends, in its order; none unless each packet can say which it
    is of. Layers beyond MOST_LAYERS are not answered, so they are not sent."""
    sent = next((m for x in section.values("simulcast") if (m := _SEND_RIDS.fullmatch(x))), None)
    if sent is None or RID not in dict(_extensions(section)):
        return ()
    named = {value.removesuffix(" send") for value in section.values("rid")}
    rids = tuple(dict.fromkeys(rid for rid in sent[1].split(";") if rid in named))[:MOST_LAYERS]
    return rids if len(rids) > 1 else ()


def _sources(section: _Section) -> tuple[int, int]:
    """The media SSRC and its repair SSRC; 0 where the offer does not say or lies in range."""
    pairs = (_FID.fullmatch(x) for x in section.values("ssrc-group"))
    pair = next((match for match in pairs if match), None)
    named = (_SSRC.fullmatch(x) for x in section.values("ssrc"))
    first = next((int(match[1]) for match in named if match), 0)
    ssrc, repair = (int(pair[1]), int(pair[2])) if pair else (first, 0)
    return (ssrc, repair) if 0 < ssrc < 2**32 and repair < 2**32 else (0, 0)
