"""A process that dies between the commit of a verb and its effects."""

from typing import Any

from server.media.client import DesiredRoom
from sessions.core.permissions import Verb
from sessions.core.refusal import Refuse
from sessions.live.broadcast import Broadcast, W, layer_of_settings
from sessions.live.presence import Applied
from sessions.live.store import Call
from sessions.live.stream import Draft
from sessions.models import Person
from sessions.nodes.desired import DesiredRooms, RowFacts
from sessions.rooms.perform import perform
from sessions.rooms.process import Process
from sessions.rooms.selectors import RoomNow
from tests.rooms.live import with_process

DOWN = Refuse("store.down")


class LostBroadcast(Broadcast):
    """Nothing is changed or published any more."""

    async def send(self, room: str, call: Call[W], *, gathered: bool = False) -> W | Refuse:
        return DOWN

    async def publish(self, room: str, draft: Draft) -> Applied | Refuse:
        return DOWN


class LostDesired(DesiredRooms):
    """No value for a node is written any more."""

    async def write(self, room: str, facts: RowFacts) -> DesiredRoom | Refuse:
        return DOWN


def do_and_crash(verb: Verb, actor: Person, session: str, **arguments: Any) -> RoomNow | Refuse:
    """Performs one verb: its rows are committed, and none of its effects is carried out."""

    async def crashing(process: Process) -> RoomNow | Refuse:
        process.broadcast = LostBroadcast(process.store, layer_of_settings)
        process.desired = LostDesired(process.store, process.links)
        return await perform(process, verb, actor, session, arguments)

    return with_process(crashing)
