"""How a request arrives, on the real Daphne: by the byte, without end, or not at all."""

import contextlib
import socket

import pytest

from server.arrivals import BODY_BYTES, TOO_LARGE
from tests.server.talker import ARRIVAL_S, MOST_WAITING
from tests.server.wire import HANDSHAKE, connected, is_ended, told, until, upgraded

ENOUGH = 5  # patience for a whole one, in times what it is given
WHOLE = HANDSHAKE.format(path="/echo").encode()
POST = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BEGUN = {
    "nothing": b"",
    "a word": WHOLE[:3],
    "half a handshake": WHOLE[:-2],
    "half a body": POST + b"Content-Length: 10\r\n\r\n12345",
    "a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
}
DRIPPING = {
    "a line without end": b"GET /",
    "a header without end": WHOLE[:-2] + b"X: ",
    "a body by the byte": POST + b"Content-Length: 9999\r\n\r\n",
}


@pytest.mark.parametrize("begun", BEGUN)
def test_half_a_request_is_ended(port: int, begun: str) -> None:
    """Kills: a handshake that is kept until its peer goes."""
    with connected(port) as peer:
        peer.sendall(BEGUN[begun])
        assert told(port) is not None
        assert is_ended(peer)


@pytest.mark.parametrize("dripping", DRIPPING)
def test_byte_now_and_then_buys_no_time(port: int, dripping: str) -> None:
    """Slow loris. Kills: Twisted's own bound alone, which starts anew with every byte."""
    with connected(port) as peer:
        peer.sendall(DRIPPING[dripping])
        assert not buys_time(peer)
    assert told(port) is not None


def buys_time(peer: socket.socket) -> bool:
    """Whether a byte now and then keeps it open for several times what a request is given."""
    peer.settimeout(ARRIVAL_S / 10)
    for _ in range(10 * ENOUGH):
        if is_gone(peer):
            return False
        with contextlib.suppress(ConnectionError):
            peer.send(b"0")
    return True


def is_gone(peer: socket.socket) -> bool:
    """Whether the server let go of it, as far as is known within the peer's timeout."""
    try:
        return is_ended(peer)
    except TimeoutError:
        return False


def test_second_request_of_a_connection_has_its_own_time(port: int) -> None:
    """Kills: a bound on the connection; one on the first request alone."""
    whole = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with connected(port) as peer:
        for _ in range(3):
            peer.sendall(whole[:10])
            peer.sendall(whole[10:])
            assert peer.recv(65_536).startswith(b"HTTP/1.1 200")
        peer.sendall(whole[:10])
        assert not buys_time(peer)


def test_websocket_outlives_the_time_of_its_handshake(port: int) -> None:
    """Kills: a bound that is not taken off when the handshake has arrived."""
    with upgraded(port, "/deaf") as peer, connected(port) as later:
        assert is_ended(later)
        peer.settimeout(0.1)
        assert not is_gone(peer)


LARGE = b"0" * (2 * BODY_BYTES)
LARGE_BODIES = {
    "with a length": b"Content-Length: %d\r\n\r\n%b" % (len(LARGE), LARGE),
    "in chunks": b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(LARGE), LARGE),
}


@pytest.mark.parametrize("large", LARGE_BODIES)
def test_body_that_is_too_large_is_refused_while_it_comes(port: int, large: str) -> None:
    """Kills: a file on our disk as long as a stranger wants it; trusting the length alone."""
    said = b""
    with connected(port) as peer, contextlib.suppress(ConnectionError):
        peer.sendall(POST + LARGE_BODIES[large])
        said = peer.recv(65_536)
    assert said in {b"", TOO_LARGE}  # whoever still sends may not come to read it
    answered = told(port)
    assert answered is not None
    assert answered["body"] == 0


def test_of_too_many_half_requests_the_oldest_end_and_others_are_served(port: int) -> None:
    """Kills: a count without bound; one that shuts the door to the next who comes."""
    peers = [connected(port) for _ in range(3 * MOST_WAITING)]
    with upgraded(port, "/echo"):
        said = told(port)
    assert said is not None
    assert said["half"] <= MOST_WAITING
    until(lambda: all(is_gone_now(peer) for peer in peers[:MOST_WAITING]))
    for peer in peers:
        peer.close()


def is_gone_now(peer: socket.socket) -> bool:
    """Whether the server let go of it, without waiting."""
    peer.settimeout(0.01)
    return is_gone(peer)
