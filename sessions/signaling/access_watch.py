"""Whether somebody who is connected may stay: asked when there is news of it, and now and then.

Owns the asking and what follows: words, a leave with its reason, the end of the socket and of
its media. News are a wake-up to the person's group (a sign-out, a roster; see `rooms.revocation`)
and the node's word that it closed this media as revoked, which comes while Redis is away. Both
may be lost, so every fifth heartbeat asks as well, and every one while no news can come.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from sessions.core import permissions
from sessions.core.permissions import Principal
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.live import broadcast
from sessions.models import Person
from sessions.models.round_trip import RoundTrip
from sessions.rooms import database, selectors
from sessions.scheduling.selectors import principal_asked
from sessions.signaling.connection import Connection
from sessions.signaling.login import Proof, person_behind, proof_asked

REASONS: Final = {
    "permission.signed_out": LeaveReason.SIGNED_OUT,
    "seat.removed": LeaveReason.REMOVED,
}
BEATS: Final = 5  # how many heartbeats may pass between two looks
Ask = Callable[..., Awaitable[Proof | Refuse | None]]


class AccessWatch:
    """The watch over one connection. `login` is the key of its login session."""

    def __init__(self, connection: Connection, person: Person, login: str) -> None:
        self._connection = connection
        self._group = person.public_id
        self._came = Belonging(person, login, connection.session)
        self._listens = False
        self._beats = 0
        self._looks: set[asyncio.Task[None]] = set()
        self._revoked = False  # the node closed media of this connection for good
        connection.on_revoked = self._media_revoked

    async def begin(self) -> None:
        """Listens for news of the person."""
        self._listens = await broadcast.listen_as(self._group, self._connection.channel)

    async def stop(self) -> None:
        """No more news are wanted."""
        await broadcast.unlisten_as(self._group, self._connection.channel)

    async def beat(self) -> None:
        """One heartbeat. The first looks too: what happened while listening began is not news."""
        self._beats += 1
        if not self._listens:
            await self.begin()
            await self.look()
        elif self._revoked or self._beats % BEATS == 1:
            await self.look(database.run_behind)

    def look_soon(self) -> None:
        """Looks without keeping the caller waiting: commands may be under way."""
        task = asyncio.get_running_loop().create_task(self.look())
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def look(self, ask: Ask = database.run) -> None:
        """A right that was taken away ends what it had opened, without another tap."""
        connection = self._connection
        if connection.ended:
            return
        refused = await self._refused(ask)
        if refused is not None and refused.code != "store.down":
            await self._end(refused)
        elif refused is None and self._revoked and connection.viewer is not None:
            self._revoked = await connection.renew_media(connection.viewer) is not None

    def _media_revoked(self) -> None:
        """Not always about this browser: while Redis is away nobody knows about which one. Who
        may stay gets media again."""
        self._revoked = True
        self.look_soon()

    async def _refused(self, ask: Ask) -> Refuse | None:
        viewer = self._connection.viewer
        principal = viewer.principal if viewer else None
        found = await ask(_may_stay, replace(self._came, principal=principal))
        if isinstance(found, Refuse):
            return found
        self._came = replace(self._came, proof=found)
        return None

    async def _end(self, refused: Refuse) -> None:
        connection = self._connection
        if connection.viewer is not None:
            await connection.leave(REASONS.get(refused.code, LeaveReason.ROSTER))
        await connection.end(refused)


@dataclass(frozen=True, slots=True)
class Belonging:
    """As what somebody came: with this login session, before these rows; `principal` is None
    before they came in. `proof` is what the rows said last."""

    person: Person
    login: str
    session: str
    proof: Proof | None = None
    principal: Principal | None = None


def _may_stay(came: Belonging) -> Proof | Refuse | None:
    """Whether somebody who is connected still belongs to the session as they came: signed in,
    active, on its roster or its staff, in the same roles. One query, where neither the login
    session nor the person has changed since the last time; else the whole question."""
    room = selectors.name_of(came.session)
    if room is None:
        return Refuse("room.unknown")
    asked = RoundTrip()
    proof = asked.ask(proof_asked(came.login, came.person))
    principal = asked.ask(principal_asked(came.person, room.session))
    asked.go()
    if (proof() is None or proof() != came.proof) and (refused := _who_else(came)):
        return refused
    now = principal()
    if refused := permissions.lost(came.principal or now, now):
        return refused
    return Refuse("permission.changed") if now.roles != came.person.role_set else proof()


def _who_else(came: Belonging) -> Refuse | None:
    """Why it is not the same person any more who is behind the login session."""
    person = person_behind(came.login)
    if isinstance(person, Refuse):
        return person
    return None if person.pk == came.person.pk else Refuse("permission.signed_out")
