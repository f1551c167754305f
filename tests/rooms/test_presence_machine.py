"""Presence as a state machine, on a real Valkey, at a clock that Hypothesis moves.

Rules: nobody is a ghost (on the roster without a connection that is alive), and nobody listens
unseen (a connection that believes it is in, and is on no roster). What the events and the marks
tell, replayed, is the roster itself.
"""

import secrets

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from sessions.rooms import presence
from sessions.rooms.lua import AWAY_MS, LEASE_MS, run
from sessions.rooms.presence import Joined, Outcome, Place, Roster, Told
from sessions.rooms.stream import Events, Gap, Kind, Marks, marks_after, read_after

SEATS = ("ann", "ben", "sam")
Held = tuple[str, str, int]  # seat, connection, generation


class Presence(RuleBasedStateMachine):
    """Browsers join, beat, fall silent, open second tabs, say late goodbyes; staff removes.

    Kills: `holds` that compares the seat alone; `drop` that keeps the lease; a sweep that
    forgets the mark; a join that does not drop the older connection's time.
    """

    sockets = Bundle("sockets")  # every connection there ever was, old ones too

    def __init__(self) -> None:
        super().__init__()
        self.room = secrets.token_urlsafe(9)
        self.now = 1_760_000_000_000
        self.holder: dict[str, Held] = {}  # who ought to hold each seat
        self.heard: dict[str, int] = {}  # when that one was last heard
        self.place: dict[str, Place] = {}
        self.epoch, self.seq = "", 0
        self.seen: dict[str, Place] = {}  # the roster that an observer builds from events
        self.inside: dict[str, str] = {}  # and the one that attendance builds from marks
        self.marked = 0

    # ---- what browsers do ----

    @rule(target=sockets, seat=st.sampled_from(SEATS), place=st.sampled_from(Place))
    def join(self, seat: str, place: Place) -> Held:
        self.expire()
        connection = secrets.token_urlsafe(6)
        call = presence.join(self.room, seat, connection, place=place, clock_ms=self.now)
        joined = run(call)
        assert isinstance(joined, Joined)
        old = self.holder.get(seat)
        assert joined.replaced == (old[1] if old else None)
        held = (seat, connection, joined.generation)
        self.holder[seat], self.heard[seat], self.place[seat] = held, self.now, place
        return held

    @rule(held=sockets)
    def renew(self, held: Held) -> None:
        if self.holder.get(held[0]) == held:
            self.heard[held[0]] = self.now  # late, but before anybody swept: still there
        expected = self.standing(held)
        told = run(presence.renew(self.room, *held, clock_ms=self.now))
        assert isinstance(told, Told)
        assert told.outcome is expected
        self.expire()

    @rule(held=consumes(sockets))
    def goodbye(self, held: Held) -> None:
        expected = self.standing(held)
        told = run(presence.leave(self.room, *held, clock_ms=self.now))
        assert isinstance(told, Told)
        assert told.outcome is expected
        if expected is Outcome.DONE:
            self.forget(held[0])

    @rule(target=sockets, held=consumes(sockets))
    def late_goodbye(self, held: Held) -> object:
        """The same, of a socket that is noticed dead after its person is back."""
        if self.holder.get(held[0]) == held:
            return held
        self.goodbye(held)
        return multiple()

    # ---- what staff and time do ----

    @rule(seat=st.sampled_from(SEATS), place=st.sampled_from(Place))
    def move(self, seat: str, place: Place) -> None:
        told = run(presence.move(self.room, seat, place, clock_ms=self.now))
        assert isinstance(told, Told)
        if seat not in self.holder:
            assert told.outcome is Outcome.ABSENT
        else:
            self.place[seat] = place

    @rule(seat=st.sampled_from(SEATS))
    def remove(self, seat: str) -> None:
        run(presence.remove(self.room, seat, bar=False, clock_ms=self.now))
        self.forget(seat)

    @rule(seat=st.sampled_from(SEATS), on=st.booleans())
    def toggle(self, seat: str, on: bool) -> None:
        run(presence.change(self.room, seat, microphone=on, clock_ms=self.now))

    @rule(passed=st.sampled_from([1, 2_999, AWAY_MS, LEASE_MS - 1, LEASE_MS, LEASE_MS]))
    def time_passes(self, passed: int) -> None:
        self.now += passed
        run(presence.sweep(self.room, clock_ms=self.now))
        self.expire()

    @rule(passed=st.sampled_from([1, 2_999, AWAY_MS, LEASE_MS]))
    def time_passes_unswept(self, passed: int) -> None:
        self.now += passed

    # ---- the model ----

    def standing(self, held: Held) -> Outcome:
        holder = self.holder.get(held[0])
        if holder is None:
            return Outcome.ABSENT
        return Outcome.DONE if holder == held else Outcome.SUPERSEDED

    def expire(self) -> None:
        for seat in list(self.holder):
            if self.now - self.heard[seat] >= LEASE_MS:
                self.forget(seat)

    def forget(self, seat: str) -> None:
        for about in (self.holder, self.heard, self.place):
            about.pop(seat, None)

    def roster(self) -> Roster:
        roster = run(presence.roster(self.room, clock_ms=self.now))
        assert isinstance(roster, Roster)
        return roster

    def follow(self) -> None:
        """Reads on in the stream, as a browser would."""
        read = run(read_after(self.room, self.epoch, self.seq))
        if isinstance(read, Gap):
            assert self.epoch == ""
            self.epoch = read.epoch
            read = run(read_after(self.room, self.epoch, 0))
        assert isinstance(read, Events)
        assert [e.seq for e in read.events] == list(range(self.seq + 1, read.seq + 1))
        self.seq = read.seq
        for event in read.events:
            if event.kind in (Kind.PARTICIPANT_CHANGED, Kind.WAITING_CHANGED):
                self.seen[event.subject] = event.entry().place
            elif event.kind in (Kind.PARTICIPANT_LEFT, Kind.WAITING_LEFT):
                self.seen.pop(event.subject, None)

    def count(self) -> None:
        """Reads on in the marks: a join of a connection that is not in, a leave of one that is."""
        marks = run(marks_after(self.room, self.epoch, self.marked))
        assert isinstance(marks, Marks)
        for mark in marks.marks:
            self.marked = mark.seq
            if mark.kind == "join":
                assert mark.seat not in self.inside
                self.inside[mark.seat] = mark.connection
            else:
                assert self.inside.pop(mark.seat) == mark.connection

    @invariant()
    def no_ghost_and_nobody_unseen(self) -> None:
        entries = self.roster().entries
        there = {e.seat: (e.seat, e.connection, e.generation) for e in entries}
        assert there == self.holder

    @invariant()
    def events_replayed_are_the_roster(self) -> None:
        self.follow()
        assert self.seen == {e.seat: e.place for e in self.roster().entries} == self.place

    @invariant()
    def marks_replayed_are_those_in_the_room(self) -> None:
        self.count()
        assert self.inside == {e.seat: e.connection for e in self.roster().at(Place.ROOM)}


TestPresence = Presence.TestCase
TestPresence.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
