"""The bounds of a websocket, on the real Daphne and a real socket."""

import contextlib
import socket

import pytest

from server.sockets import EMPTY_FRAMES, FRAME_BYTES, UNREAD_BYTES, UNTAKEN_FRAMES
from tests.server.talker import PIECE
from tests.server.wire import (
    PATIENCE_S,
    frame,
    is_ended,
    short_frame,
    told,
    until,
    until_ended,
    upgraded,
)

KERNEL_BYTES = 16 * 1024 * 1024  # what two sockets of this machine may hold between them
FLOODERS = 20
PING, PONG, TEXT, BEGINNING, MIDDLE, END = 0x89, 0x8A, 0x81, 0x01, 0x00, 0x80  # RFC 6455, 5.2
FLOODS = {
    "pings": short_frame(PING),
    "pongs": short_frame(PONG),
    "long pings": short_frame(PING, b"0" * 125),
    "empty parts": short_frame(MIDDLE),
    "parts of a byte": short_frame(MIDDLE, b"0"),
}


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


@pytest.mark.parametrize("flood", FLOODS)
def test_frames_without_end_that_are_no_message_end_the_socket(port: int, flood: str) -> None:
    """The application's bound is on messages, and it hears of none here. Kills: answering every
    ping; a message of endlessly many parts, each of which is kept."""
    in_parts = "parts" in flood
    message = short_frame(END) if in_parts else short_frame(TEXT)
    with upgraded(port, "/echo") as peer:
        if in_parts:
            peer.sendall(short_frame(BEGINNING))
        peer.sendall(FLOODS[flood] * EMPTY_FRAMES)
        until_ended(flooded(peer, FLOODS[flood], message))
    said = told(port)
    assert said is not None
    assert said["taken"] == 0


def flooded(peer: socket.socket, piece: bytes, end: bytes = b"") -> socket.socket:
    """It was sent a second's worth too much, or had let go before that."""
    with contextlib.suppress(ConnectionError):
        peer.sendall(piece * 10_000 + end)
    return peer


def test_message_in_as_many_parts_as_are_counted_is_taken(port: int) -> None:
    """Kills: a bound of none."""
    parts = [short_frame(BEGINNING, b"a"), *[short_frame(MIDDLE, b"b")] * (EMPTY_FRAMES - 1)]
    with upgraded(port, "/echo") as peer:
        peer.sendall(b"".join(parts) + short_frame(END, b"c"))
        assert answer(peer) == b"a" + b"b" * (EMPTY_FRAMES - 1) + b"c"


def answer(peer: socket.socket) -> bytes:
    """The payload of the next frame, of at most 125 bytes."""
    stream = peer.makefile("rb")
    head = stream.read(2)
    return stream.read(head[1] & 0x7F)


def test_one_read_full_of_messages_is_taken_apart_piece_by_piece(port: int) -> None:
    """Kills: ten thousand messages in the queue because they came in one packet."""
    with upgraded(port, "/deaf") as peer:
        peer.sendall(short_frame(TEXT) * 10_000)
        assert told(port, "/go") is not None
        until(lambda: (told(port) or {}).get("taken") == 10_000)
        said = told(port)
    assert said is not None
    assert said["most_waiting"] == UNTAKEN_FRAMES


def test_twenty_flooders_are_gone_and_anothers_verbs_were_answered_meanwhile(port: int) -> None:
    """Kills: a loop that serves whoever sends most."""
    floods = list(FLOODS.values())
    with upgraded(port, "/echo") as other:
        peers = [upgraded(port, "/echo") for _ in range(FLOODERS)]
        for number, peer in enumerate(peers):
            peer.sendall(short_frame(BEGINNING) * (number % len(floods) >= 3))
            flooded(peer, floods[number % len(floods)])
            word = str(number).encode()
            other.sendall(short_frame(TEXT, word))
            assert answer(other) == word
        for peer in peers:
            until_ended(peer)
            peer.close()
        other.sendall(short_frame(TEXT, b"still here"))
        assert answer(other) == b"still here"
