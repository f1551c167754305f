"""One participant of a probe's room, by aiortc: its peer connection with a media node.

Owns the offer, the answer, and the figures of the connection in milliseconds. Must not know what
is sent, nor how a node is found.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Literal, cast

from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.stats import RTCInboundRtpStreamStats, RTCRemoteInboundRtpStreamStats

from server.media.client import Code, MediaClient, OfferRefused, RelayAccess
from server.probe.rooms import GENERATION, ProbeRoom

Kind = Literal["audio", "video"]
CLOCK_KHZ: Final[dict[str, int]] = {"audio": 48, "video": 90}  # RTP ticks in a millisecond
CANDIDATES: Final = ("a=candidate:", "a=end-of-candidates")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one kind of media. `received` and `lost` count packets that came here; jitter and round
    trip are in milliseconds, the round trip is None until the node has reported on what we send.
    """

    received: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    round_trip_ms: float | None = None


class Participant:
    """Add what it sends and receives, then `join`. With a `relay` nothing goes another way."""

    def __init__(self, name: str, relay: RelayAccess | None = None) -> None:
        self.name = name
        self._pc = RTCPeerConnection(_configuration(relay))
        self._slots: dict[Kind, RTCRtpTransceiver] = {}
        self._ended = asyncio.Event()
        self._pc.on("connectionstatechange", self._state_changed)

    @property
    def connected(self) -> bool:
        return self._pc.connectionState == "connected"

    async def ended(self) -> None:
        """Returns when it could not be connected, or is not any more."""
        await self._ended.wait()

    def _state_changed(self) -> None:
        if self._pc.connectionState in {"failed", "closed"}:
            self._ended.set()

    def sends(self, track: MediaStreamTrack) -> None:
        """A line for this track."""
        self._pc.addTransceiver(track, direction="sendonly")

    def receives(self, kind: Kind) -> None:
        """A slot for another participant's media."""
        self._slots[kind] = self._pc.addTransceiver(kind, direction="recvonly")

    def arriving(self, kind: Kind) -> MediaStreamTrack:
        """What arrives in that slot, once it has joined."""
        return self._slots[kind].receiver.track

    async def join(self, client: MediaClient, room: ProbeRoom) -> Code | None:
        """Offers to the node and takes its answer; connecting goes on after this. The code of
        the node's refusal, if it refused."""
        await self._pc.setLocalDescription(await self._pc.createOffer())
        offer = self._pc.localDescription.sdp
        if CANDIDATES[0] not in offer:  # no address and no relay to be reached at
            self._ended.set()
        reply = await client.offer(room.key, self.name, GENERATION, offer)
        if isinstance(reply, OfferRefused):
            return reply.code
        answer = RTCSessionDescription(candidates_everywhere(reply.sdp), "answer")
        await self._pc.setRemoteDescription(answer)
        return None

    async def figures(self, kind: Kind) -> Figures:
        """What the connection knows of this kind now."""
        received = lost = 0
        jitter, round_trip = 0.0, None
        for one in (await self._pc.getStats()).values():
            if isinstance(one, RTCInboundRtpStreamStats) and one.kind == kind:
                received, lost = one.packetsReceived, max(0, one.packetsLost)
                jitter = one.jitter / CLOCK_KHZ[kind]
            elif isinstance(one, RTCRemoteInboundRtpStreamStats) and one.kind == kind:
                seconds = cast("float | None", one.roundTripTime)
                round_trip = None if seconds is None else seconds * 1000
        return Figures(received, lost, jitter, round_trip)

    async def leave(self) -> None:
        """Says goodbye to the node, and ends its tracks."""
        await self._pc.close()


def _configuration(relay: RelayAccess | None) -> RTCConfiguration:
    """No servers of anybody else's: aiortc's own default would ask one."""
    if relay is None:
        return RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    server = RTCIceServer(list(relay.urls), relay.username, relay.credential)
    return RTCConfiguration(
        iceServers=[server],
        iceTransportPolicy=RTCIceTransportPolicy.RELAY,
        bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
    )


def candidates_everywhere(answer: str) -> str:
    """The node names its candidates once for the bundle (RFC 9143 §7.1.3); aiortc goes by those
    of the last line that shares the transport, so they are repeated in every line."""
    session, *sections = answer.split("\r\nm=")
    if not sections:
        return answer
    lines = [x for x in sections[0].split("\r\n") if x.startswith(CANDIDATES)]
    repeated = "".join(f"\r\n{line}" for line in lines)
    rest = [section.rstrip("\r\n") + repeated for section in sections[1:]]
    return "\r\nm=".join([session, sections[0].rstrip("\r\n"), *rest]) + "\r\n"
