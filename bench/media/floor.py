"""The floor of forwarding in Python: seal a packet, give it to the kernel, nothing else.

Runs in a process of its own on the node's core, with the bench's sizes and shares of sound and
pictures, one SRTP session and one receiver for each of a room's seats. The process that asks
takes the packets in, on the other cores, as a browser would.
"""

import os
import select
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice
from typing import Final

from pylibsrtp import Policy, Session

from bench.cores import born_on
from bench.media.load import BUFFER, PAUSE_SECONDS, RATES, SIZES

SEATS: Final = 12
ROUNDS: Final = 7
PACKETS: Final = 30_000  # a round
BURST: Final = 500  # sent before the receivers get a chance to empty their buffers
REST_SECONDS: Final = 0.004
HEADER_BYTES: Final = 24  # RTP with one CSRC and an extension of two words
MASTER_BYTES: Final = 28  # AES-128-GCM's key and salt (RFC 7714)


def measured(cores: frozenset[int], *, sealing: bool = True) -> float:
    """Microseconds of processor time a packet, the median of ROUNDS, on these cores; of the
    kernel's `sendto` alone without `sealing`."""
    sinks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SEATS)]
    for sink in sinks:
        sink.setblocking(False)
        sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        sink.bind(("127.0.0.1", 0))
    ports = [str(sink.getsockname()[1]) for sink in sinks]
    with born_on(cores):
        child = subprocess.Popen(  # noqa: S603 - this file
            [sys.executable, "-m", "bench.media.floor", str(int(sealing)), *ports],
            stdout=subprocess.PIPE,
            text=True,
        )
    _drain(sinks, child)
    printed, _ = child.communicate()
    for sink in sinks:
        sink.close()
    return float(printed)


def _drain(sinks: list[socket.socket], child: "subprocess.Popen[str]") -> None:
    """Takes what comes until the child has ended."""
    poll = select.epoll()
    by_file = {sink.fileno(): sink for sink in sinks}
    for file in by_file:
        poll.register(file, select.EPOLLIN)
    while child.poll() is None:
        time.sleep(PAUSE_SECONDS)
        for file, _ in poll.poll(0):
            receive = by_file[file].recv
            try:
                while True:
                    receive(2048)
            except BlockingIOError:
                continue
    poll.close()


def main(sealing: str, *ports: str) -> None:
    """Prints the median of all rounds."""
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    addresses = [("127.0.0.1", int(port)) for port in ports]
    sessions = [_session() for _ in addresses]
    seals: list[Callable[[bytes], bytes]] = [
        session.protect if int(sealing) else _unsealed for session in sessions
    ]
    rounds = [_round(own, addresses, seals, turn) for turn in range(ROUNDS)]
    sys.stdout.write(f"{statistics.median(rounds)}\n")


def _session() -> Session:
    profile = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
    key = os.urandom(MASTER_BYTES)
    return Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))


def _unsealed(packet: bytes) -> bytes:
    return packet


def _round(
    own: socket.socket,
    addresses: list[tuple[str, int]],
    seals: list[Callable[[bytes], bytes]],
    turn: int,
) -> float:
    """One round's microseconds a packet; packets are made, and rests are taken, outside it."""
    kinds = [kind for kind, rate in RATES.items() for _ in range(rate)]
    ready = []
    for number, kind in enumerate(islice(cycle(kinds), PACKETS)):
        head = b"\x81\x60" + (number // SEATS & 0xFFFF).to_bytes(2, "big") + bytes(4)
        ssrc = (turn + 1).to_bytes(4, "big")
        ready.append(head + ssrc + bytes(HEADER_BYTES - 12) + bytes(SIZES[kind]))
    used = 0
    for begin in range(0, PACKETS, BURST):
        before = time.process_time_ns()
        for place in range(begin, begin + BURST):
            seat = place % SEATS
            own.sendto(seals[seat](ready[place]), addresses[seat])
        used += time.process_time_ns() - before
        time.sleep(REST_SECONDS)
    return used / PACKETS / 1000


if __name__ == "__main__":
    main(*sys.argv[1:])
