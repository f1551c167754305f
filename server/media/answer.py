"""Writes the node's description that answers an offer.

Pure. Owns every line the node sends to a browser. Must not know sockets or peers. The shape is
the one that ran in Chromium and Firefox: ICE-lite (RFC 8445 §2.5), one bundle, DTLS passive,
an SSRC and its repair SSRC announced for each slot.
"""

from dataclasses import dataclass

from server.media.description import TRANSPORT_CC, Line, OfferedMedia

CANDIDATE_PRIORITY = 126 << 24 | 65535 << 8 | 255  # a host candidate's (RFC 8445 §5.1.2.1)


@dataclass(frozen=True, slots=True)
class Node:
    """What every answer of this node says of it: `fingerprint` as SDP writes it."""

    addresses: tuple[str, ...]
    port: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """The node's side of ICE for one peer: 4 and 22 characters at least (RFC 8445 §5.3)."""

    ufrag: str
    password: str


def answer(
    offered: OfferedMedia,
    node: Node,
    credentials: Credentials,
    slots: dict[str, tuple[int, int]],
) -> str:
    """`slots` maps the mid of each receiving line to (ssrc, repair ssrc or 0)."""
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE " + " ".join(line.mid for line in offered.lines),
        "a=ice-lite",
        "a=msid-semantic: WMS *",
    ]
    if offered.mixed_extensions:
        lines.append("a=extmap-allow-mixed")
    used = set(offered.sending().values())
    for number, line in enumerate(offered.lines):
        lines += _transport(line, node, credentials)
        lines += _candidates(node) if number == 0 else []
        lines += _codecs(line)
        lines += _direction(line, slots.get(line.mid), used=line in used)
    return "\r\n".join(lines) + "\r\n"


def _transport(line: Line, node: Node, credentials: Credentials) -> list[str]:
    payloads = (line.redundant_payload, line.payload, line.repair_payload)
    return [
        f"m={line.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(str(one) for one in payloads if one)}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{line.mid}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=ice-ufrag:{credentials.ufrag}",
        f"a=ice-pwd:{credentials.password}",
        f"a=fingerprint:sha-256 {node.fingerprint}",
        "a=setup:passive",
    ]


def _candidates(node: Node) -> list[str]:
    """One per announced address, the first preferred; browsers find ours, we read none."""
    host = [
        f"a=candidate:{i + 1} 1 udp {CANDIDATE_PRIORITY - (i << 8)} {address} {node.port} typ host"
        for i, address in enumerate(node.addresses)
    ]
    return [*host, "a=end-of-candidates"]


def _codecs(line: Line) -> list[str]:
    """Payloads, feedback and extensions. A silent microphone sends a packet each 400 ms instead of
    each 20 (RFC 7587, section 6.1: `usedtx`). A browser sends RED if it comes before Opus."""
    payload = line.payload
    if line.kind == "audio":
        lines = [f"a=rtpmap:{payload} opus/48000/2"]
        lines += [f"a=fmtp:{payload} minptime=10;useinbandfec=1;usedtx=1"]
    else:
        feedback = ("ccm fir", "nack pli", "nack")
        lines = [f"a=rtpmap:{payload} VP8/90000"]
        lines += [f"a=rtcp-fb:{payload} {kind}" for kind in feedback]
    if line.extension(TRANSPORT_CC):
        lines += [f"a=rtcp-fb:{payload} transport-cc"]
    if line.repair_payload:
        lines += [f"a=rtpmap:{line.repair_payload} rtx/90000"]
        lines += [f"a=fmtp:{line.repair_payload} apt={payload}"]
    if line.redundant_payload:
        lines += [f"a=rtpmap:{line.redundant_payload} red/48000/2"]
        lines += [f"a=fmtp:{line.redundant_payload} {payload}/{payload}"]
    lines += [f"a=extmap:{number} {uri}" for uri, number in line.extensions]
    return lines


def _layers(line: Line) -> list[str]:
    """All layers that were offered and that the node takes (RFC 8853, section 5.3)."""
    if not line.rids:
        return []
    rids = [f"a=rid:{rid} recv" for rid in line.rids]
    return [*rids, "a=simulcast:recv " + ";".join(line.rids)]


def _direction(line: Line, slot: tuple[int, int] | None, *, used: bool) -> list[str]:
    """A slot never announces an SSRC without the FID of its repair: Firefox would go dark.

    No stream id ties the sound of a slot to its picture, so browsers do not align the two;
    nobody has yet watched what they do when such a pair changes hands.
    """
    if line.direction == "send":
        return ["a=recvonly", *_layers(line)] if used else ["a=inactive"]
    if slot is None:
        return ["a=inactive"]
    ssrc, repair = slot
    lines = ["a=sendonly", f"a=ssrc:{ssrc} cname:node"]
    if repair:
        lines += [f"a=ssrc:{repair} cname:node", f"a=ssrc-group:FID {ssrc} {repair}"]
    return lines
