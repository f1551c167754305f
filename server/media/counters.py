"""What the node counts: datagrams refused and why, packets passed on, repairs.

Owns the names. Never resets; a reader subtracts. Must not know where a packet came from.
"""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counters:
    """All from the start of the node, in packets unless the name says otherwise."""

    received: int = 0
    dropped: int = 0  # by the kernel: nothing of ours by its first bytes, or no room
    short: int = 0  # too short to be anything of ours, the empty one included
    foreign: int = 0  # neither STUN, DTLS nor SRTP by its first byte (RFC 7983)
    stun_malformed: int = 0
    stun_unknown: int = 0  # no such ufrag
    stun_forged: int = 0  # the integrity does not match
    stun_replayed: int = 0  # a transaction seen before, from another address
    address_taken: int = 0  # a valid check from an address that another live peer uses
    dtls_unknown: int = 0  # from an address that no valid check came from
    dtls_failed: int = 0
    too_many: int = 0  # more than a peer may send in a second
    early: int = 0  # media before the keys
    unknown_address: int = 0  # media from an address that no peer has
    srtp_refused: int = 0  # authentication failed, or replayed
    malformed: int = 0  # authentic, yet no RTP or RTCP that can be read
    unknown_stream: int = 0
    not_allowed: int = 0  # media that the desired value does not let this peer send
    moved: int = 0  # a peer's address followed
    forwarded: int = 0
    repaired: int = 0  # packets of publishers that came by retransmission
    restored: int = 0  # sounds that were lost and came with a later packet (RED)
    resent: int = 0
    resend_refused: int = 0  # over budget, too soon, or no longer there
    key_frames_asked: int = 0
    not_sent: int = 0  # the socket would not take it
    slept: int = 0  # times that the node found it had slept past its lease
    fenced: int = 0  # datagrams, in or out, dropped because of that
    faults: int = 0  # an exception on one datagram; the loop goes on

    def as_dict(self) -> dict[str, int]:
        """For NodeLoad."""
        return asdict(self)
