"""Presence by example, on a real Valkey: what each call changes, and what it tells."""

import secrets
from typing import cast

import pytest

from sessions.core.admission import Wait, WaitReason
from sessions.core.reasons import LeaveReason
from sessions.core.refusal import Refuse
from sessions.live import presence
from sessions.live.presence import Applied, Entry, Joined, Outcome, Place, Roster, Swept
from sessions.live.store import AWAY_MS, LEASE_MS, Call
from sessions.live.stream import Audience, Event, Events, Gap, Marks, marks_after, read_after
from tests.valkey import connection, run

START = 1_760_000_000_000
AT_DOOR = Wait(WaitReason.DOOR, late=True)


@pytest.fixture(autouse=True)
def limits_of_time() -> None:
    """Leases run out as they do, at a clock that the test moves."""


class Room:
    """One room at a clock that the test moves."""

    def __init__(self) -> None:
        self.key = secrets.token_urlsafe(9)
        self.now = START

    def join(
        self,
        seat: str,
        connection: str,
        place: Place = Place.ROOM,
        *,
        staff: bool = False,
        microphone: bool = False,
    ) -> Joined:
        call = presence.join(
            self.key,
            seat,
            connection,
            place=place,
            staff=staff,
            microphone=microphone,
            clock_ms=self.now,
        )
        joined = run(call)
        assert isinstance(joined, Joined)
        return joined

    def renew(self, seat: str, connection: str, generation: int) -> Outcome:
        told = run(presence.renew(self.key, seat, connection, generation, clock_ms=self.now))
        assert isinstance(told, Applied)
        return told.outcome

    def leave(self, seat: str, connection: str, generation: int) -> Outcome:
        told = run(presence.leave(self.key, seat, connection, generation, clock_ms=self.now))
        assert isinstance(told, Applied)
        return told.outcome

    def sweep(self) -> Swept:
        swept = run(presence.sweep(self.key, clock_ms=self.now))
        assert isinstance(swept, Swept)
        return swept

    def roster(self) -> Roster:
        roster = run(presence.roster(self.key, clock_ms=self.now))
        assert isinstance(roster, Roster)
        return roster

    def events(self, after: int = 0) -> tuple[Event, ...]:
        read = run(read_after(self.key, self.roster().epoch, after))
        assert isinstance(read, Events)
        return read.events

    def told(self, after: int = 0) -> list[tuple[str, str, str, str]]:
        return [(e.kind, e.audience, e.subject, e.reason) for e in self.events(after)]

    def marks(self) -> list[tuple[str, str, str, str]]:
        marks = run(marks_after(self.key, "", 0))
        assert isinstance(marks, Marks)
        return [(m.kind, m.seat, m.connection, m.reason) for m in marks.marks]


def redis_ms() -> int:
    seconds, micros = cast(tuple[int, int], connection().time())
    return seconds * 1000 + micros // 1000


@pytest.fixture
def room() -> Room:
    return Room()


def test_join_puts_the_seat_on_the_roster_and_tells_the_room(room: Room) -> None:
    joined = room.join("sam", "c1", microphone=True)

    entry = Entry(
        seat="sam",
        connection="c1",
        generation=joined.generation,
        place=Place.ROOM,
        staff=False,
        microphone=True,
        microphone_allowed=True,
        camera=False,
        away=False,
        since_ms=START,
        waiting=None,
        version=1,
        claim=joined.generation,
    )
    assert room.roster().entries == (entry,)
    assert [event.entry() for event in room.events()] == [entry]
    assert room.told() == [("participant.changed", "room", "sam", "")]
    assert room.marks() == [("join", "sam", "c1", "")]


def test_join_at_the_door_tells_staff_only_and_counts_nothing(room: Room) -> None:
    room.join("sam", "c1", Place.LOBBY)

    assert room.told() == [("waiting.changed", "staff", "sam", "")]
    assert room.marks() == []


def test_move_into_the_room_is_told_at_the_door_and_in_the_room(room: Room) -> None:
    room.join("sam", "c1", Place.LOBBY)
    room.now += 60_000
    moved = run(presence.move(room.key, "sam", Place.ROOM, clock_ms=room.now))

    assert isinstance(moved, Applied)
    assert moved.outcome is Outcome.DONE
    assert room.told(after=1) == [
        ("waiting.left", "staff", "sam", "moved"),
        ("participant.changed", "room", "sam", ""),
    ]
    assert room.marks() == [("join", "sam", "c1", "")]
    assert [entry.since_ms for entry in room.roster().at(Place.ROOM)] == [START + 60_000]


def test_move_back_to_the_door_ends_the_time_in_the_room(room: Room) -> None:
    room.join("sam", "c1")
    run(presence.move(room.key, "sam", Place.LOBBY, waiting=AT_DOOR, clock_ms=room.now))

    assert room.marks() == [("join", "sam", "c1", ""), ("leave", "sam", "c1", "moved")]
    assert [entry.waiting for entry in room.roster().at(Place.LOBBY)] == [AT_DOOR]


def test_move_where_it_is_already_tells_nothing(room: Room) -> None:
    room.join("sam", "c1")
    again = run(presence.move(room.key, "sam", Place.ROOM, clock_ms=room.now))

    assert isinstance(again, Applied)
    assert (again.outcome, again.wrote) == (Outcome.UNCHANGED, False)


def test_newest_connection_takes_the_seat_and_the_older_is_told(room: Room) -> None:
    first = room.join("sam", "c1")
    second = room.join("sam", "c2")

    assert (first.replaced, second.replaced) == (None, "c1")
    assert second.generation > first.generation
    assert [(e.seat, e.connection) for e in room.roster().entries] == [("sam", "c2")]
    assert [(e.kind, e.connection, e.audience) for e in room.events(after=1)] == [
        ("connection.replaced", "c1", Audience.NOBODY),
        ("participant.changed", "c2", Audience.ROOM),
    ]
    assert room.marks() == [
        ("join", "sam", "c1", ""),
        ("leave", "sam", "c1", "replaced"),
        ("join", "sam", "c2", ""),
    ]


def test_roster_says_who_came_later_to_a_seat_of_the_same_epoch(room: Room) -> None:
    """Kills: generations of two epochs compared, so that the newest page of somebody is sent away
    after Valkey came back empty and an older one was the first to join again."""
    older, newer = room.join("maya", "phone"), room.join("maya", "laptop")
    there = room.roster()
    assert there.has_newer("maya", older.epoch, older.generation)
    assert not there.has_newer("maya", newer.epoch, newer.generation)
    assert not there.has_newer("maya", "another epoch", older.generation)
    assert not there.has_newer("sam", older.epoch, older.generation)


def test_late_goodbye_of_a_replaced_connection_changes_nothing(room: Room) -> None:
    """The worst fault of presence elsewhere: the newer connection hears, and nobody sees it."""
    first = room.join("sam", "c1")
    second = room.join("sam", "c2")
    seq = room.roster().seq

    assert room.leave("sam", "c1", first.generation) is Outcome.SUPERSEDED
    assert room.renew("sam", "c1", first.generation) is Outcome.SUPERSEDED
    assert room.roster().seq == seq
    assert room.leave("sam", "c2", second.generation) is Outcome.DONE
    assert room.roster().entries == ()


def test_goodbye_of_an_older_generation_of_the_same_connection_changes_nothing(
    room: Room,
) -> None:
    first = room.join("sam", "c1")
    room.join("sam", "c1")

    assert room.leave("sam", "c1", first.generation) is Outcome.SUPERSEDED
    assert room.marks() == [("join", "sam", "c1", "")]


def test_newer_connection_keeps_the_place_in_the_order_of_coming(room: Room) -> None:
    room.join("sam", "c1")
    room.now += 8_000
    room.join("sam", "c2")

    assert [entry.since_ms for entry in room.roster().entries] == [START]


def test_silence_is_away_after_four_seconds_and_gone_after_ten(room: Room) -> None:
    joined = room.join("sam", "c1")
    room.now = START + AWAY_MS - 1
    assert room.sweep().wrote is False
    room.now = START + AWAY_MS
    assert room.sweep().wrote is True
    assert [entry.away for entry in room.roster().entries] == [True]
    assert room.sweep().wrote is False  # said once
    room.now = START + LEASE_MS - 1
    assert room.sweep().wrote is False
    room.now = START + LEASE_MS
    assert room.sweep().wrote is True

    assert room.roster().entries == ()
    assert room.told(after=2) == [("participant.left", "room", "sam", "lost")]
    assert room.marks() == [("join", "sam", "c1", ""), ("leave", "sam", "c1", "lost")]
    assert room.renew("sam", "c1", joined.generation) is Outcome.ABSENT


def test_heartbeat_ends_being_away_and_sweeps_the_others(room: Room) -> None:
    room.join("ann", "c1")
    sam = room.join("sam", "c2")
    room.now += AWAY_MS
    room.sweep()
    room.now = START + LEASE_MS - 1

    assert room.renew("sam", "c2", sam.generation) is Outcome.DONE
    room.now = START + LEASE_MS
    assert room.renew("sam", "c2", sam.generation) is Outcome.DONE
    assert [(e.seat, e.away) for e in room.roster().entries] == [("sam", False)]


def test_heartbeat_that_comes_before_any_sweep_keeps_the_seat(room: Room) -> None:
    joined = room.join("sam", "c1")
    room.now += LEASE_MS + 1

    assert room.renew("sam", "c1", joined.generation) is Outcome.DONE
    assert room.sweep().wrote is False


def test_fields_are_changed_by_the_holder_and_by_staff_only(room: Room) -> None:
    old = room.join("sam", "c1")
    new = room.join("sam", "c2")

    def outcome(call: Call[Applied]) -> Outcome:
        told = run(call)
        assert isinstance(told, Applied)
        return told.outcome

    def microphone_on(connection: str, generation: int) -> Outcome:
        held_by = (connection, generation)
        return outcome(presence.change(room.key, "sam", held_by=held_by, microphone=True))

    assert microphone_on("c1", old.generation) is Outcome.SUPERSEDED
    assert microphone_on("c2", new.generation) is Outcome.DONE
    assert microphone_on("c2", new.generation) is Outcome.UNCHANGED
    muted = presence.change(room.key, "sam", microphone_allowed=False)
    assert outcome(muted) is Outcome.DONE
    entry = room.roster().of("sam")
    assert entry is not None
    assert (entry.microphone, entry.microphone_allowed) == (True, False)


def test_change_of_a_seat_that_nobody_holds_tells_nothing(room: Room) -> None:
    told = run(presence.change(room.key, "sam", camera=True, clock_ms=room.now))
    assert isinstance(told, Applied)
    assert (told.outcome, told.wrote) == (Outcome.ABSENT, False)


def test_removed_seat_cannot_be_taken_until_it_is_unbarred(room: Room) -> None:
    """A connection let in just before its removal must not arrive after it."""
    room.join("sam", "c1")
    run(presence.remove(room.key, "sam", clock_ms=room.now))

    assert room.told(after=1) == [("participant.left", "room", "sam", "removed")]
    refused = run(presence.join(room.key, "sam", "c2", place=Place.ROOM, clock_ms=room.now))
    assert refused == Refuse("seat.removed")
    assert room.roster().entries == ()
    run(presence.unbar(room.key, "sam"))
    assert room.join("sam", "c3").replaced is None


def test_removal_of_someone_who_is_not_connected_bars_the_seat_too(room: Room) -> None:
    told = run(presence.remove(room.key, "sam", clock_ms=room.now))
    assert isinstance(told, Applied)
    assert (told.outcome, told.wrote) == (Outcome.ABSENT, False)
    assert run(presence.join(room.key, "sam", "c1", place=Place.ROOM)) == Refuse("seat.removed")


def test_close_takes_everybody_out_and_counts_their_time(room: Room) -> None:
    room.join("ann", "c1", staff=True)
    room.join("sam", "c2", Place.LOBBY)
    run(presence.close(room.key, LeaveReason.ENDED, clock_ms=room.now))

    assert room.roster().entries == ()
    assert sorted(room.told(after=2)) == [
        ("participant.left", "room", "ann", "ended"),
        ("waiting.left", "staff", "sam", "ended"),
    ]
    assert room.marks() == [("join", "ann", "c1", ""), ("leave", "ann", "c1", "ended")]


def test_close_lets_nobody_in_who_was_removed(room: Room) -> None:
    """The room may be opened again for ten minutes."""
    room.join("sam", "c1")
    run(presence.remove(room.key, "sam", clock_ms=room.now))
    run(presence.close(room.key, clock_ms=room.now))
    assert run(presence.join(room.key, "sam", "c2", place=Place.ROOM)) == Refuse("seat.removed")


def test_sweep_knows_whether_staff_is_in_the_room(room: Room) -> None:
    assert room.sweep().staffed is False
    room.join("ann", "c1", Place.LOBBY, staff=True)
    assert room.sweep().staffed is False
    run(presence.move(room.key, "ann", Place.ROOM, clock_ms=room.now))
    assert room.sweep().staffed is True


def test_store_that_lost_everything_begins_a_new_epoch_and_higher_generations(
    room: Room,
) -> None:
    """Generations go to the media node too, where an older one is refused."""
    before = room.join("sam", "c1")
    epoch = room.roster().epoch
    connection().delete(*Call("sweep", room.key, dict).keys())
    room.now += 2_000

    assert room.renew("sam", "c1", before.generation) is Outcome.ABSENT
    after = room.join("sam", "c1")
    assert after.generation > before.generation
    assert room.roster().epoch != epoch
    gap = run(read_after(room.key, epoch, 1))
    assert gap == Gap(room.roster().epoch, room.roster().seq)


def test_production_uses_the_clock_of_redis() -> None:
    room = Room()
    before = redis_ms()
    run(presence.join(room.key, "sam", "c1", place=Place.ROOM))
    roster = run(presence.roster(room.key))

    assert isinstance(roster, Roster)
    assert before <= roster.entries[0].since_ms <= redis_ms()


def test_later_tab_has_the_seat_in_a_new_epoch_whoever_registers_first() -> None:
    """P4, R6. Kills: a `join` without the claim, with which two tabs take the seat from each
    other in the order of their heartbeats."""
    room = secrets.token_urlsafe(9)
    joined = [run(presence.join(room, "ann", tab, place=Place.ROOM)) for tab in ("old", "new")]
    claims = [one.generation for one in joined if isinstance(one, Joined)]
    connection().delete(*presence.roster(room).keys())
    again = [
        run(presence.join(room, "ann", tab, place=Place.ROOM, claim=claim))
        for tab, claim in (("old", claims[0]), ("new", claims[1]), ("old", claims[0]))
    ]
    assert [isinstance(one, Joined) for one in again] == [True, True, False]
    assert again[2] == Refuse("connection.replaced")
