"""Presence as a state machine, on a real Valkey, at a clock that Hypothesis moves.

Rules: nobody is a ghost (on the roster without a connection that is alive), and nobody listens
unseen (a connection that believes it is in, and is on no roster). What the events and the marks
tell, replayed, is the roster itself; and whom the node is told to serve is on the roster.
"""

import asyncio
import os
import secrets
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from server.media.client import desired_key, read_desired
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Joined, Outcome, Place, Roster
from sessions.live.store import AWAY_MS, LEASE_MS
from sessions.live.stream import Events, Gap, Kind, Marks, marks_after, read_after
from sessions.nodes import desired
from sessions.rooms.process import Process
from tests.valkey import connection, run

SEATS = ("ann", "ben", "sam")
Held = tuple[str, str, int]  # seat, connection, generation
ON: Final = desired._Kept(wanted=True, on=True, complete=True)


@pytest.fixture(autouse=True)
def limits_of_time() -> None:
    """Leases run out as they do, at a clock that the machine moves."""


class Presence(RuleBasedStateMachine):
    """Browsers join, beat, fall silent, open second tabs, say late goodbyes; staff removes and
    bars; the store is lost and begins empty; the node is told late, in another order.

    Kills: `holds` that compares the seat alone; `drop` that keeps the lease; a sweep that
    forgets the mark; a join that does not drop the older connection's time; a join that
    forgets who is barred, or that tells nobody of the place that was left; a put without its
    number, by which the node keeps one who has left.
    """

    sockets = Bundle("sockets")  # every connection there ever was, old ones too
    values = Bundle("values")  # the node's, that were read and are not written yet

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.process = Process.of_settings()
        self.room = secrets.token_urlsafe(9)
        self.now = 1_760_000_000_000
        self.holder: dict[str, Held] = {}  # who ought to hold each seat
        self.heard: dict[str, int] = {}  # when that one was last heard
        self.place: dict[str, Place] = {}
        self.open: dict[str, tuple[Held, int]] = {}  # connection → its hold and its claim
        self.barred: set[str] = set()
        self.begin_epoch()

    def teardown(self) -> None:
        self.loop.run_until_complete(self.process.close())
        self.loop.close()

    def begin_epoch(self) -> None:
        """Observers begin again with the store."""
        self.epoch, self.seq = "", 0
        self.seen: set[tuple[str, Place]] = set()  # the roster that an observer builds
        self.inside: dict[str, str] = {}  # and the one that attendance builds from marks
        self.marked = 0

    # ---- what browsers do ----

    @initialize(target=sockets, places=st.tuples(*[st.sampled_from(Place)] * len(SEATS)))
    def everyone_joins(self, places: tuple[Place, ...]) -> object:
        """And everyone has two tabs: most of what can go wrong needs somebody there."""
        pairs = [(seat, place) for seat, place in zip(SEATS, places, strict=True)] * 2
        return multiple(*[self.join_newly(seat, place) for seat, place in pairs])

    @rule(target=sockets, seat=st.sampled_from(SEATS), place=st.sampled_from(Place))
    def join(self, seat: str, place: Place) -> object:
        return self.join_newly(seat, place)

    @rule(target=sockets, seat=st.sampled_from(SEATS), place=st.sampled_from(Place))
    def join_from_another_device(self, seat: str, place: Place) -> object:
        """The same again, so that it comes as often as it should."""
        return self.join_newly(seat, place)

    def join_newly(self, seat: str, place: Place) -> object:
        return self.register(seat, secrets.token_urlsafe(6), place, 0)

    def register(self, seat: str, connection: str, place: Place, claim: int) -> object:
        """A join, the first one of a connection or (with its claim) another one."""
        call = presence.join(
            self.room, seat, connection, place=place, claim=claim, clock_ms=self.now
        )
        joined = run(call)
        if seat in self.barred:  # refused before anything is swept
            assert joined == Refuse("seat.removed")
            self.open.pop(connection, None)
            return multiple()
        self.expire()
        old = self.holder.get(seat)
        if claim and old and self.open[old[1]][1] > claim:
            assert joined == Refuse("connection.replaced")
            self.open.pop(connection, None)
            return multiple()
        assert isinstance(joined, Joined)
        assert joined.replaced == (old[1] if old and old[1] != connection else None)
        held = (seat, connection, joined.generation)
        self.holder[seat], self.heard[seat], self.place[seat] = held, self.now, place
        self.open[connection] = (held, claim or joined.generation)
        return held

    @rule(target=sockets, held=sockets, place=st.sampled_from(Place))
    def renew(self, held: Held, place: Place) -> object:
        """Who is not known any more registers again, as long as its socket is open."""
        if self.holder.get(held[0]) == held:
            self.heard[held[0]] = self.now  # late, but before anybody swept: still there
        expected = self.holding(held)
        applied = run(presence.renew(self.room, *held, clock_ms=self.now))
        assert applied.outcome is expected
        self.expire()
        mine = self.open.get(held[1])
        if mine is None or mine[0] != held:
            return multiple()
        if expected is Outcome.SUPERSEDED:
            del self.open[held[1]]
        if expected is not Outcome.ABSENT:
            return multiple()
        return self.register(held[0], held[1], place, mine[1])

    @rule(held=consumes(sockets))
    def goodbye(self, held: Held) -> None:
        expected = self.holding(held)
        applied = run(presence.leave(self.room, *held, clock_ms=self.now))
        assert applied.outcome is expected
        if expected is Outcome.DONE:
            self.forget(held[0])
        if self.open.get(held[1], (None, 0))[0] == held:
            del self.open[held[1]]

    @rule(target=sockets, held=consumes(sockets))
    def late_goodbye(self, held: Held) -> object:
        """The same, of a socket that is noticed dead after its person is back."""
        if self.holder.get(held[0]) == held:
            return held
        self.goodbye(held)
        return multiple()

    # ---- what the store and the node do ----

    @rule()
    def lose_everything(self) -> None:
        """The store is back, and empty: under a new epoch nobody is there yet."""
        keys = presence.roster(self.room).keys()
        connection().delete(*keys, desired._numbers_key(self.room), desired_key(self.room))
        for seat in list(self.holder):
            self.forget(seat)
        self.barred.clear()
        self.begin_epoch()

    @rule(target=values)
    def read_for_the_node(self) -> object:
        number = self.process.desired._take_number(self.room)
        return self.loop.run_until_complete(number), self.roster()

    @rule(read=consumes(values))
    def write_for_the_node(self, read: tuple[desired._Number, Roster]) -> None:
        number, roster = read
        value = desired.desired_of(roster, {}, self.room, number.version, ON)
        self.loop.run_until_complete(self.process.desired._put(value, number, ON))

    @rule(late=st.lists(consumes(values), max_size=2))
    def write_for_the_node_late(self, late: list[tuple[desired._Number, Roster]]) -> None:
        """What is asked for after a change is what the node has, whatever arrives after it."""
        number = self.loop.run_until_complete(self.process.desired._take_number(self.room))
        for read in ((number, self.roster()), *late):
            self.write_for_the_node(read)
        stored = read_desired(str(connection().get(desired_key(self.room))).encode())
        assert stored is not None
        inside = {seat for seat, place in self.place.items() if place is Place.ROOM}
        assert set(stored.peers) == inside

    # ---- what staff and time do ----

    @rule(seat=st.sampled_from(SEATS), place=st.sampled_from(Place))
    def move(self, seat: str, place: Place) -> None:
        applied = run(presence.move(self.room, seat, place, clock_ms=self.now))
        if seat not in self.holder:
            assert applied.outcome is Outcome.ABSENT
        else:
            self.place[seat] = place

    @rule(seat=st.sampled_from(SEATS), bar=st.booleans())
    def remove(self, seat: str, bar: bool) -> None:
        run(presence.remove(self.room, seat, bar=bar, clock_ms=self.now))
        self.forget(seat)
        if bar:
            self.barred.add(seat)

    @rule(seat=st.sampled_from(SEATS))
    def unbar(self, seat: str) -> None:
        run(presence.unbar(self.room, seat))
        self.barred.discard(seat)

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

    def holding(self, held: Held) -> Outcome:
        holder = self.holder.get(held[0])
        if holder == held:
            return Outcome.DONE
        later = holder is not None and self.open[holder[1]][1] > held[2]
        return Outcome.SUPERSEDED if later else Outcome.ABSENT

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
            place = Place.ROOM if event.kind.startswith("participant") else Place.LOBBY
            if event.kind in (Kind.PARTICIPANT_CHANGED, Kind.WAITING_CHANGED):
                assert event.entry().place is place
                self.seen.add((event.subject, place))
            elif event.kind in (Kind.PARTICIPANT_LEFT, Kind.WAITING_LEFT):
                self.seen.discard((event.subject, place))

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
        assert {e.seat: e.place for e in self.roster().entries} == self.place
        assert self.seen == set(self.place.items())

    @invariant()
    def marks_replayed_are_those_in_the_room(self) -> None:
        self.count()
        assert self.inside == {e.seat: e.connection for e in self.roster().at(Place.ROOM)}


TestPresence = Presence.TestCase
TestPresence.settings = settings(
    max_examples=int(os.environ.get("THIRDS_EXAMPLES", "50")),  # 2000 now and then, by hand
    stateful_step_count=int(os.environ.get("THIRDS_STEPS", "30")),
    deadline=None,
)
