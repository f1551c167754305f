"""The table of verbs: what each one does to a locked room.

One rule a verb, for signaling (`perform`), for what had to act while PostgreSQL was away
(`settle`) and for the clock alike; each subject's module has its own.
"""

from typing import Final

from sessions.rooms.locked_room import Rules
from sessions.rooms.verbs import agenda, door, ending, people

RULES: Final[Rules] = {**door.RULES, **agenda.RULES, **ending.RULES, **people.RULES}
