"""The verbs of a live room. Each takes the actor and the session's public id, does its work in
one transaction under the room's row lock, and returns what holds now, or a Refuse.

`services_lock` has the order in which every verb is done; the verbs that the clock does are in
`services_clock`.
"""

from sessions.rooms.perform import record_refusal
from sessions.rooms.verbs.agenda import (
    advance,
    back,
    end_later,
    extend,
    pause,
    resume,
    shorten,
    start,
)
from sessions.rooms.verbs.door import Entered, admit, admit_all, enter
from sessions.rooms.verbs.ending import end, reopen
from sessions.rooms.verbs.people_services import allow_microphone, lower_hand, mute, remove

__all__ = [
    "Entered",
    "admit",
    "admit_all",
    "advance",
    "allow_microphone",
    "back",
    "end",
    "end_later",
    "enter",
    "extend",
    "lower_hand",
    "mute",
    "pause",
    "record_refusal",
    "remove",
    "reopen",
    "resume",
    "shorten",
    "start",
]
