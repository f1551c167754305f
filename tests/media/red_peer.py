"""A scripted browser that sends and takes RED (RFC 2198), read and written apart from the node."""

import re
from dataclasses import replace
from typing import Any

from server.media.messages import Answer
from tests.media.client_peer import OPUS, Arrived, ClientPeer, Kind
from tests.media.running import People, allowed

RED = 63
Block = tuple[int, bytes]  # ticks before the newest sound, and the sound
PACKET = 960  # ticks: 20 ms


class RedPeer(ClientPeer):
    """Each sound repeats the one before it, as Chromium does. `carried`: of each sealed packet of
    RED that arrived, which earlier numbers it has, and how many packets of 20 ms before."""

    def __init__(self, mark: str, slots: int = 3, *, opus: int = OPUS) -> None:
        super().__init__(mark, slots)
        self.opus = opus
        self.said: list[tuple[int, bytes]] = []  # when, by its own clock, and the latest sound
        self.carried: dict[bytes, list[tuple[int, float]]] = {}

    def _section(self, kind: Kind, mid: int, *, sends: bool) -> list[str]:
        lines = super()._section(kind, mid, sends=sends)
        if kind == "video":
            return lines
        renamed = [re.sub(rf"\b{OPUS}\b(?= opus|$)", str(self.opus), line) for line in lines]
        red = [f"a=rtpmap:{RED} red/48000/2", f"a=fmtp:{RED} {self.opus}/{self.opus}"]
        return [f"{renamed[0]} {RED}", *renamed[1:], *red]

    def speak(  # type: ignore[override]
        self, level: int = 20, *, lose: bool = False, pause: int = 0
    ) -> bytes:
        """After so many packets' time of nothing. `lose` numbers it, but does not send it. Gives
        the sealed packet."""
        self._transport_number = self._transport_number + 1 & 0xFFFF
        extension = bytes((0xBE, 0xDE, 0, 2, 0x10, level, 0x31))
        extension += self._transport_number.to_bytes(2, "big") + bytes(3)
        moment = self.audio.timestamp + pause * PACKET & 0xFFFFFFFF
        self.audio.timestamp = moment
        packet = self._packet(self.audio, RED, PACKET, b"", extension=extension)
        head, sound = packet[: 12 + len(extension)], packet[12 + len(extension) :]
        earlier = [(moment - at & 0xFFFFFFFF, one) for at, one in self.said]
        self.said = [(moment, sound)]
        sealed = self.seal(head + red(self.opus, earlier, sound))
        if not lose:
            self.send_raw(sealed)
        return sealed

    def unseal(self, data: bytes) -> Arrived:
        """Of RED, the newest sound."""
        arrived = super().unseal(data)
        if arrived.kind == "video" or arrived.payload_type != RED:
            return arrived
        earlier, newest = blocks_of(arrived.payload, self.opus)
        self.carried[data] = [(number_of(one), ticks / PACKET) for ticks, one in earlier]
        return replace(arrived, payload=newest)

    def heard(self) -> list[tuple[int, list[tuple[int, float]] | None]]:
        """The number of each sound that arrived, and what its packet repeated; None: plain Opus."""
        return [(one.number, self.carried.get(one.sealed)) for one in self.of("audio")]


def number_of(sound: bytes) -> int:
    """Which of the publisher's sounds it is."""
    return int(sound.split(b"|")[-2])


def red(opus: int, earlier: list[Block], newest: bytes) -> bytes:
    """A payload; `earlier` is oldest first."""
    heads = b""
    for ticks, sound in earlier:
        word = 1 << 31 | opus << 24 | ticks << 10 | len(sound)
        heads += word.to_bytes(4, "big")
    return heads + bytes((opus,)) + b"".join(sound for _, sound in earlier) + newest


def blocks_of(payload: bytes, opus: int) -> tuple[list[Block], bytes]:
    """What came before, and the newest sound. Fails a test where a block is not Opus."""
    heads: list[int] = []
    while payload[0] & 128:
        heads.append(int.from_bytes(payload[:4], "big"))
        payload = payload[4:]
    assert {payload[0], *(head >> 24 & 127 for head in heads)} == {opus}
    payload = payload[1:]
    earlier: list[Block] = []
    for head in heads:
        size = head & 1023
        assert size <= len(payload)
        earlier.append((head >> 10 & 16383, payload[:size]))
        payload = payload[size:]
    return earlier, payload


async def join(people: People, name: str, opus: int = OPUS, **rights: Any) -> RedPeer:
    """A wanted peer whose browser knows RED, connected."""
    people.client.apply(people.want(**{name: allowed(**rights)}))
    peer = RedPeer(name, opus=opus)
    assert isinstance(await people.offered(name, peer), Answer)
    people.peers[name] = peer
    await peer.connect()
    await people.until(lambda: people.leg_connected(name))
    return peer
