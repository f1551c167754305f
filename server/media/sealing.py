"""Sealing a packet with fewer steps than pylibsrtp's own method takes.

`Session.protect` allocates a length and checks types anew for each packet; at ten thousands of
packets a second that is a tenth of the node's time (docs/benchmarks.md). This calls the same
function of libsrtp through the library's binding, which is not its public face: where the
binding looks otherwise, `sealer` gives the public method. Owns that shortcut and nothing else.
"""

from collections.abc import Callable
from typing import Any, Final

from pylibsrtp import Error, Session

try:
    from pylibsrtp._binding import ffi, lib
except ImportError:
    ffi = lib = None

TRAILER: Final = 144  # bytes that libsrtp may add (srtp.h: SRTP_MAX_TRAILER_LEN with an MKI)


def sealer(session: Session) -> Callable[[bytes], bytes]:
    """`session.protect`, or what does the same sooner. Raises as that does."""
    public: Callable[[bytes], bytes] = session.protect
    parts = [getattr(session, name, None) for name in ("_srtp", "_cdata", "_buffer")]
    if lib is None or not hasattr(lib, "srtp_protect") or None in parts:
        return public
    return _shortcut(public, *parts)


def _shortcut(
    public: Callable[[bytes], bytes], handle: Any, held: Any, view: Any
) -> Callable[[bytes], bytes]:
    """`public` keeps the session, and with it all that is used here, alive."""
    srtp, length, protect = handle[0], ffi.new("int *"), lib.srtp_protect
    longest = len(held) - TRAILER

    def seal(packet: bytes) -> bytes:
        size = len(packet)
        if size > longest:
            return public(packet)  # it says what is wrong
        length[0] = size
        view[:size] = packet
        if protect(srtp, held, length):
            raise Error("libsrtp would not protect this packet")
        sealed: bytes = view[: length[0]]
        return sealed

    return seal
