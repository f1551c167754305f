"""The verbs of staff that must not wait for PostgreSQL: done to the live state, written later.

Owns who may: the door's last word of the asking connection, then the script, which asks who
holds the seat. Anybody else gets the words of the outage: there is no row in which a refusal
could be kept.
"""

from sessions.core.permissions import Verb, allowed
from sessions.core.refusal import Refuse
from sessions.live.unsaved import act_unsaved
from sessions.nodes.desired import FOREVER
from sessions.rooms.process import Process
from sessions.signaling.reading import Viewer
from sessions.signaling.seat_hold import keys_of


async def act(process: Process, viewer: Viewer, verb: Verb, key: str) -> Refuse | None:
    """Does the verb to presence and to the media node, now."""
    if allowed(verb, viewer.principal) is not None:
        return Refuse("store.down")
    room, seat, connection, generation = keys_of(viewer)
    call = act_unsaved(room, verb, key, by=seat, connection=connection, generation=generation)
    done = await process.broadcast.send(room, call)
    if isinstance(done, Refuse):
        return done
    if verb is Verb.ROOM_REMOVE:
        process.links.revoke(room, key, FOREVER)
    await process.media.write(room)
    return None
