"""What the kernel drops for the node before it takes a place in the socket's buffer.

Owns a classic BPF program: a datagram that no peer could have sent by its length and its first
bytes never reaches the process, so a flood of them neither fills the buffer nor costs a system
call each. The packet path makes the same checks again, so a system without such filters loses
nothing but speed. Must not know peers; what depends on them is the packet path's.
"""

import contextlib
import ctypes
import socket
import struct
import sys
from typing import Final

from server.media.stun import COOKIE, REQUEST

LINUX: Final = sys.platform == "linux"  # elsewhere these numbers mean other things
SO_ATTACH_FILTER: Final = 26  # asm-generic/socket.h
SO_MEMINFO: Final = 55
DROPS: Final = 8  # linux/sock_diag.h: SK_MEMINFO_DROPS
UDP_HEADER: Final = 8  # bytes before the payload, as a filter counts
SHORTEST: Final = 12  # bytes of any datagram that means something
_INSTRUCTION = struct.Struct("@HBBI")
_PROGRAM = struct.Struct("@HxxxxxxP") if struct.calcsize("P") == 8 else struct.Struct("@HxxP")

# linux/bpf_common.h: loads of a packet's length, byte, half word and word; jumps; the verdict
_LENGTH, _BYTE, _HALF, _WORD = 0x80, 0x30, 0x28, 0x20
_EQUAL, _AT_LEAST, _RETURN = 0x15, 0x35, 0x06
_KEEP, _DROP = 0xFFFFFFFF, 0


def program() -> list[tuple[int, int, int, int]]:
    """(code, jump if true, jump if false, value) of each instruction; jumps skip so many.

    Kept are binding requests (RFC 5389 §6), DTLS records (RFC 6347 §4.1), and what begins like
    RTP (RFC 7983 §7).
    """
    return [
        (_LENGTH, 0, 0, 0),
        (_AT_LEAST, 0, 13, UDP_HEADER + SHORTEST),
        (_BYTE, 0, 0, UDP_HEADER),
        (_AT_LEAST, 11, 0, 192),
        (_AT_LEAST, 9, 0, 128),
        (_AT_LEAST, 9, 0, 64),
        (_AT_LEAST, 0, 3, 20),
        (_BYTE, 0, 0, UDP_HEADER + 1),
        (_EQUAL, 5, 6, 0xFE),  # the major version of DTLS
        (_RETURN, 0, 0, _DROP),
        (_HALF, 0, 0, UDP_HEADER),
        (_EQUAL, 0, 3, REQUEST),
        (_WORD, 0, 0, UDP_HEADER + 4),
        (_EQUAL, 0, 1, COOKIE),
        (_RETURN, 0, 0, _KEEP),
        (_RETURN, 0, 0, _DROP),
    ]


def attach(to: socket.socket) -> bool:
    """Lets the kernel drop from now on; False where it cannot."""
    if not LINUX:
        return False
    code = b"".join(_INSTRUCTION.pack(*instruction) for instruction in program())
    held = ctypes.create_string_buffer(code)
    with contextlib.suppress(OSError):
        to.setsockopt(
            socket.SOL_SOCKET,
            SO_ATTACH_FILTER,
            _PROGRAM.pack(len(program()), ctypes.addressof(held)),
        )
        return True
    return False


def dropped(by: socket.socket) -> int:
    """Datagrams that the kernel dropped at this socket: by the program, or for want of room."""
    if not LINUX:
        return 0
    with contextlib.suppress(OSError, struct.error):
        found = by.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 4 * (DROPS + 1))
        return int(struct.unpack_from("@I", found, 4 * DROPS)[0])
    return 0
