"""Marks of two people over a session of an hour, for tests of attendance."""

from datetime import timedelta
from itertools import count

from hypothesis import strategies as st

from sessions.core.agenda import Window
from sessions.core.attendance import Mark, PersonAttendance, PresenceKind, Rules, attendance
from sessions.core.reasons import LeaveReason
from tests.core.histories import START, at

JOIN, LEAVE, SEEN = PresenceKind.JOIN, PresenceKind.LEAVE, PresenceKind.CHECKPOINT
MAYA, SAM = 7, 8
RULES = Rules()

# Check-in 20, break 10, topic 30.
WINDOWS = (
    Window(0, at(0), at(20), True),
    Window(1, at(20), at(30), False),
    Window(2, at(30), at(60), True),
)


def join(minutes: float, connection: str = "a", person: int = MAYA) -> Mark:
    return Mark(at(minutes), person, JOIN, connection)


def leave(minutes: float, connection: str = "a", person: int = MAYA) -> Mark:
    return Mark(at(minutes), person, LEAVE, connection, LeaveReason.LEFT)


def seen(minutes: float, person: int = MAYA) -> Mark:
    return Mark(at(minutes), person, SEEN)


def row(*marks: Mark, rules: Rules = RULES) -> PersonAttendance:
    return attendance(marks, WINDOWS, [MAYA], rules)[0]


def seconds(got: PersonAttendance) -> list[float]:
    return [one.seconds for one in got.segments]


@st.composite
def visits(draw: st.DrawFn, fresh: bool = False) -> list[Mark]:
    """Marks of two people over a session and a little around it, some leaves missing.

    `fresh`: no connection joins twice, and every one leaves.
    """
    marks: list[Mark] = []
    names = count(1)
    for _ in range(draw(st.integers(0, 6))):
        person = draw(st.sampled_from([MAYA, SAM]))
        start = START + timedelta(seconds=draw(st.integers(-600, 4000)))
        end = start + timedelta(seconds=draw(st.integers(0, 2400)))
        connection = f"c{next(names)}" if fresh else draw(st.sampled_from("abc"))
        marks.append(Mark(start, person, JOIN, connection))
        if fresh or draw(st.booleans()):
            reason = draw(st.sampled_from(LeaveReason))
            marks.append(Mark(end, person, LEAVE, connection, reason))
    for minute in draw(st.lists(st.integers(-5, 70), max_size=10)):
        marks.append(seen(minute, draw(st.sampled_from([MAYA, SAM]))))
    return marks


# Marks in no sensible order, of one person with two connections.
loose_marks = st.builds(
    Mark,
    at=st.integers(0, 60).map(at),
    person=st.just(MAYA),
    kind=st.sampled_from([JOIN, LEAVE, LEAVE, SEEN]),
    connection=st.sampled_from("ab"),
)
