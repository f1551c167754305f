"""Sealing and opening a packet with fewer steps than pylibsrtp's own methods take.

`Session.protect` and `unprotect` allocate a length and check types again for each packet; at ten
thousands of packets a second that is a tenth of the node's time (docs/benchmarks.md). This calls
the same functions of libsrtp through the library's binding, which is not its public face: where
the binding looks otherwise, the public methods are given. Owns that shortcut and nothing else.
"""

from collections.abc import Callable
from typing import Any, Final

from pylibsrtp import Error, Session

try:
    from pylibsrtp._binding import ffi, lib
except ImportError:
    ffi = lib = None

TRAILER: Final = 144  # bytes that libsrtp may add (srtp.h: SRTP_MAX_TRAILER_LEN with an MKI)
PARTS: Final = ("_srtp", "_cdata", "_buffer")  # of a Session
Crypt = Callable[[bytes], bytes]


def handle(session: Session) -> int:
    """Where libsrtp keeps this session, for C; 0 where the binding looks otherwise. Good as long
    as the session lives."""
    inside: Any = session
    if ffi is None or not hasattr(inside, PARTS[0]):
        return 0
    return int(ffi.cast("uintptr_t", inside._srtp[0]))


def sealing_function() -> int:
    """Where libsrtp's `srtp_protect` is, for C; 0 where the binding looks otherwise."""
    if not hasattr(lib, "srtp_protect"):
        return 0
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, "srtp_protect")))


def sealer(session: Session) -> Crypt:
    """`session.protect`, or what does the same sooner. Raises as that does."""
    return _shortcut(session, session.protect, "srtp_protect", TRAILER)


def opener(session: Session) -> Crypt:
    """`session.unprotect`, or what does the same sooner. Raises as that does."""
    return _shortcut(session, session.unprotect, "srtp_unprotect", 0)


def _shortcut(session: Session, public: Crypt, name: str, trailer: int) -> Crypt:
    """`public` keeps the session, and with it all that is used here, alive."""
    inside: Any = session
    function = getattr(lib, name, None)
    if function is None or not all(hasattr(inside, part) for part in PARTS):
        return public
    handle, held, view = (getattr(inside, part) for part in PARTS)
    srtp, length, longest = handle[0], ffi.new("int *"), len(held) - trailer

    def crypt(packet: bytes) -> bytes:
        size = len(packet)
        if size > longest:
            return public(packet)  # it says what is wrong
        length[0] = size
        view[:size] = packet
        if function(srtp, held, length):
            raise Error("libsrtp would not have this packet")
        done: bytes = view[: length[0]]
        return done

    return crypt
