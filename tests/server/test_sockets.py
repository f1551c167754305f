"""The bounds of a websocket, on the real Daphne and a real socket."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from server.sockets import FRAME_BYTES, UNREAD_BYTES, UNTAKEN_FRAMES
from tests.server.talker import PIECE

PATIENCE_S = 60.0
KERNEL_BYTES = 16 * 1024 * 1024  # what two sockets of this machine may hold between them
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture
def port() -> Iterator[int]:
    """Where a Daphne of this test listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(number), "-v", "0"]
    process = subprocess.Popen(
        [*command, "tests.server.talker:application"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    try:
        until(lambda: told(number) is not None)
        yield number
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def until(holds: Any) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def told(port: int, path: str = "/") -> dict[str, Any] | None:
    """What the application says of itself; None while it does not answer."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S) as answer:
            said: dict[str, Any] = json.loads(answer.read())
            return said
    except OSError:
        return None


def upgraded(port: int, path: str) -> socket.socket:
    """A websocket after its handshake, which reads no further."""
    peer = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    peer.sendall(HANDSHAKE.format(path=path).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += peer.recv(1)
    assert head.startswith(b"HTTP/1.1 101")
    return peer


def frame(length: int) -> bytes:
    """A masked text frame of zeros (RFC 6455, 5.2; the mask is zero)."""
    return b"\x81\xff" + length.to_bytes(8, "big") + b"\0" * 4 + b"0" * length


def is_ended(peer: socket.socket) -> bool:
    """Whether the server let go of it; waits for the next thing it says."""
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def send_until_it_waits(peer: socket.socket, whole: bytes, most: int) -> int:
    """Frame after frame until the peer has to wait, at most so many bytes; how many went."""
    sent = 0
    try:
        while sent < most:
            sent += peer.send(whole[sent % len(whole) :])
    except TimeoutError:
        return sent
    return sent


def test_peer_that_reads_nothing_is_cut_off(port: int) -> None:
    """Kills: a buffer that grows for as long as somebody does not read."""
    with upgraded(port, "/talk"):
        until(lambda: (told(port) or {}).get("ended"))
    said = told(port)
    assert said is not None
    assert said["sent"] * len(PIECE) < UNREAD_BYTES + KERNEL_BYTES


def test_peer_that_floods_has_to_wait_and_loses_nothing(port: int) -> None:
    """Kills: a queue of all that was ever sent, before anybody counts it."""
    with upgraded(port, "/deaf") as peer:
        peer.settimeout(2.0)
        whole = frame(FRAME_BYTES)
        most = 2 * KERNEL_BYTES + 2 * UNTAKEN_FRAMES * FRAME_BYTES
        sent = send_until_it_waits(peer, whole, most)
        assert sent < most
        assert told(port, "/go") is not None
        peer.settimeout(PATIENCE_S)
        if sent % len(whole):
            peer.sendall(whole[sent % len(whole) :])
        frames = -(-sent // len(whole))
        until(lambda: (told(port) or {}).get("taken") == frames)


def test_frame_that_is_far_too_long_ends_the_socket(port: int) -> None:
    with upgraded(port, "/deaf") as peer:
        peer.sendall(frame(FRAME_BYTES + 1)[:64])
        assert is_ended(peer)
