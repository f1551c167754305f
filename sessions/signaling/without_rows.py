"""The verbs of staff that must not wait for PostgreSQL: done to the live state, owed to the rows.

Owns who may: the door's last word of the asking connection, then the script, which asks who
holds the seat. Whoever the table does not allow it gets the words of the outage: there is no row
in which a refusal could be kept.
"""

from sessions.core.permissions import Verb, allowed
from sessions.core.refusal import Refuse
from sessions.live import broadcast
from sessions.live.unsaved import act_unsaved
from sessions.nodes import desired as bridge
from sessions.signaling.reading import Viewer
from sessions.signaling.seat_hold import keys_of
from sessions.signaling.wanting import want


async def do(viewer: Viewer, verb: Verb, key: str) -> Refuse | None:
    """Does the verb to presence and to the media node, now."""
    if allowed(verb, viewer.principal) is not None:
        return Refuse("store.down")
    room, seat, connection, generation = keys_of(viewer)
    call = act_unsaved(room, verb, key, by=seat, connection=connection, generation=generation)
    done = await broadcast.asend(room, call)
    if isinstance(done, Refuse):
        return done
    if verb is Verb.ROOM_REMOVE:
        bridge.revoke(room, key)
    await want(room)
    return None
