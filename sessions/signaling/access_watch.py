"""Whether somebody who is connected may stay: asked when there is news of it, and now and then.

Owns the asking and what follows: words, a leave with its reason, the end of the socket and of
its media. News are a wake-up to the person's group (a sign-out, a roster; see
`rooms.revocation`) and the node's word that it closed this media as revoked, which comes while
Valkey is away. Both may be lost, so every fifth heartbeat asks as well, and every one while no
news can come.
"""

from typing import Final

from sessions.core import permissions
from sessions.core.permissions import Principal
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.live.tasks import Tasks
from sessions.models import Person
from sessions.models.round_trip import read
from sessions.scheduling.selectors import principal_asked
from sessions.signaling.connection import Connection
from sessions.signaling.login import person_behind

REASONS: Final = {
    "permission.signed_out": LeaveReason.SIGNED_OUT,
    "seat.removed": LeaveReason.REMOVED,
}
BEATS: Final = 5  # how many heartbeats may pass between two looks


class AccessWatch:
    """The watch over one connection. `login` is the key of its login session."""

    def __init__(self, connection: Connection, person: Person, login: str) -> None:
        self._connection = connection
        self._process = connection.process
        self._group = person.public_id
        self._person, self._login = person, login
        self._listens = False
        self._beats = 0
        self._tasks = Tasks()
        self._revoked = False  # the node closed media of this connection for good
        connection.media.on_revoked = self._media_revoked

    async def begin(self) -> None:
        """Listens for news of the person."""
        self._listens = await self._process.broadcast.listen_as(
            self._group, self._connection.channel
        )

    async def stop(self) -> None:
        """No more news are wanted."""
        await self._process.broadcast.unlisten_as(self._group, self._connection.channel)

    async def beat(self) -> None:
        """One heartbeat. The first looks too: what happened while listening began is not news."""
        self._beats += 1
        if not self._listens:
            await self.begin()
            await self.look()
        elif self._revoked or self._beats % BEATS == 1:
            await self.look(in_background=True)

    def look_soon(self) -> None:
        """Looks without keeping the caller waiting: commands may be under way."""
        self._tasks.keep(self.look())

    async def look(self, *, in_background: bool = False) -> None:
        """A right that was taken away ends what it had opened, without another tap.
        `in_background`: nobody waits for it."""
        connection = self._connection
        if connection.ended:
            return
        refused = await self._refused(in_background)
        if refused is not None and refused.code != "store.down":
            await self._end(refused)
        elif refused is None and self._revoked and connection.viewer is not None:
            self._revoked = await connection.media.renew(connection.viewer) is not None

    def _media_revoked(self) -> None:
        """Not always about this browser: while Redis is away nobody knows about which one. Who
        may stay gets media again."""
        self._revoked = True
        self.look_soon()

    async def _refused(self, in_background: bool) -> Refuse | None:
        connection, database = self._connection, self._process.database
        room = await self._process.name_of(connection.session)
        if isinstance(room, Refuse):
            return room
        viewer = connection.viewer
        principal = viewer.principal if viewer else None
        ask = database.run_in_background if in_background else database.run
        return await ask(_may_not_stay, self._person, self._login, room.session, principal)

    async def _end(self, refused: Refuse) -> None:
        connection = self._connection
        if connection.viewer is not None:
            await connection.leave(REASONS.get(refused.code, LeaveReason.ROSTER))
        await connection.end(refused)


def _may_not_stay(
    came: Person, login: str, session: int, before: Principal | None
) -> Refuse | None:
    """Why somebody who is connected does not belong to the session any more as they came: signed
    in, active, on its roster or its staff, in the same roles. `before` is None before they came
    in."""
    person = person_behind(login)
    if isinstance(person, Refuse):
        return person
    if person.pk != came.pk:
        return Refuse("permission.signed_out")
    now = read(principal_asked(person, session))
    if refused := permissions.lost(before or now, now):
        return refused
    return Refuse("permission.changed") if now.roles != came.role_set else None
