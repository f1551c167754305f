"""Whether somebody who is connected may stay: asked when there is news of it, and now and then.

Owns the asking and what follows: words, a leave with its reason, the end of the socket and of
its media. News are a wake-up to the person's group (a sign-out, a roster; see `rooms.standing`)
and the node's word that it closed this media as revoked, which comes while Redis is away. Both
may be lost, so every fifth heartbeat asks as well, and every one while no news can come.
"""

import asyncio
from typing import Final

from sessions.core.permissions import Role, Standing
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.models import Person
from sessions.rooms import broadcast, selectors
from sessions.signaling import database
from sessions.signaling.connection import Connection
from sessions.signaling.login import person_behind

REASONS: Final = {
    "permission.signed_out": LeaveReason.SIGNED_OUT,
    "seat.removed": LeaveReason.REMOVED,
}
BEATS: Final = 5  # how many heartbeats may pass between two looks


class StandingWatch:
    """The watch over one connection. `login` is the key of its login session."""

    def __init__(self, connection: Connection, person: Person, login: str) -> None:
        self._connection = connection
        self._group, self._roles = person.public_id, person.role_set
        self._login = login
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
            await self.look()

    def look_soon(self) -> None:
        """Looks without keeping the caller waiting: commands may be under way."""
        task = asyncio.get_running_loop().create_task(self.look())
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def look(self) -> None:
        """A right that was taken away ends what it had opened, without another tap."""
        connection = self._connection
        if connection.ended:
            return
        refused = await self._refused()
        if refused is not None and refused.code != "store.down":
            await self._end(refused)
        elif refused is None and self._revoked and connection.viewer is not None:
            self._revoked = await connection.renew_media(connection.viewer) is not None

    def _media_revoked(self) -> None:
        """Not always about this browser: while Redis is away nobody knows about which one. Who
        may stay gets media again."""
        self._revoked = True
        self.look_soon()

    async def _refused(self) -> Refuse | None:
        viewer, session = self._connection.viewer, self._connection.session
        before = viewer.standing if viewer else None
        return await database.run(_may_stay, self._login, session, before, self._roles)

    async def _end(self, refused: Refuse) -> None:
        connection = self._connection
        if connection.viewer is not None:
            await connection.leave(REASONS.get(refused.code, LeaveReason.ROSTER))
        await connection.end(refused)


def _may_stay(
    login: str, session: str, before: Standing | None, roles: frozenset[Role]
) -> Refuse | None:
    """All that is asked of rows, in one transaction."""
    person = person_behind(login)
    if isinstance(person, Refuse):
        return person
    refused = selectors.may_stay(person, session, before)
    if refused is None and person.role_set != roles:
        return Refuse("permission.changed")
    return refused
