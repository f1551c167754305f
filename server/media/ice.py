"""The ICE-lite side of a node: credentials, checks, and which address a peer is at.

Owns the passwords and the rule for which peer a check moves. Never sends a check, gathers nothing and
reads no candidate (RFC 8445 §2.5). Must not know rooms. An unknown user costs one look-up.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from server.media import stun
from server.media.answer import Credentials
from server.media.counters import Counters
from server.media.path import PacketPath
from server.media.streams import Address, Leg

REMEMBERED: Final = 1024  # transactions of one peer; a browser needs an hour for as many
MOST_LOGINS: Final = 4  # of one peer: restarts that it has offered and not yet used
LIVE_SECONDS: Final = 2.0  # an address heard from so lately cannot be taken by another peer


@dataclass(slots=True)
class _Login:
    """What one ufrag stands for. `seen` maps transactions to where they came from."""

    leg: Leg
    password: bytes
    seen: dict[bytes, Address] = field(default_factory=dict)


class IceAgent:
    """All credentials of one node."""

    def __init__(
        self, path: PacketPath, transmit: Callable[[bytes, Address], None], counters: Counters
    ) -> None:
        self._path = path
        self._transmit = transmit
        self._counters = counters
        self._logins: dict[str, _Login] = {}

    def open(self, leg: Leg) -> Credentials:
        """New credentials. Those before stay good until a check with the new ones arrives."""
        logins = [u for u, login in self._logins.items() if login.leg is leg]
        if len(logins) >= MOST_LOGINS:  # the oldest is in use; what came of the others is open
            del self._logins[logins[1]]
        credentials = Credentials(secrets.token_hex(8), secrets.token_hex(16))
        self._logins[credentials.ufrag] = _Login(leg, credentials.password.encode())
        return credentials

    def close(self, leg: Leg, *, keep: str = "") -> None:
        """Forgets the leg's credentials, but those of the ufrag `keep`."""
        gone = [u for u, login in self._logins.items() if login.leg is leg and u != keep]
        for ufrag in gone:
            del self._logins[ufrag]

    def on_check(self, datagram: bytes, address: Address, now: float) -> None:
        """Answers a valid check; counts and drops everything else."""
        request = stun.read(datagram)
        if request is None or request.controlled:
            self._counters.stun_malformed += 1
            return
        ufrag = request.username.partition(":")[0]
        login = self._logins.get(ufrag)
        if login is None:
            self._counters.stun_unknown += 1
        elif login.leg.packets_left < 1:
            self._counters.too_many += 1
        elif not stun.authentic(datagram, request, login.password):
            self._counters.stun_forged += 1
        elif self._is_new(login, request.transaction, address):
            self._answer(login, ufrag, request, address, now)

    def _is_new(self, login: _Login, transaction: bytes, address: Address) -> bool:
        """Refuses a check that was seen from elsewhere: a copy must not move anybody."""
        if login.seen.setdefault(transaction, address) != address:
            self._counters.stun_replayed += 1
            return False
        if len(login.seen) > REMEMBERED:
            del login.seen[next(iter(login.seen))]
        return True

    def _answer(
        self, login: _Login, ufrag: str, request: stun.BindingRequest, address: Address, now: float
    ) -> None:
        leg = login.leg
        leg.packets_left -= 1
        holder = self._path.holder(address)
        if holder is not None and holder is not leg and now - holder.heard < LIVE_SECONDS:
            self._counters.address_taken += 1
            return
        if len(login.seen) == 1:  # the first check with these: former ones are done
            self.close(leg, keep=ufrag)
        leg.heard = now
        self._path.add_address(leg, address)
        if leg.address is None or request.nominating:
            self._path.move(leg, address)
        self._transmit(stun.success(request.transaction, address, login.password), address)
