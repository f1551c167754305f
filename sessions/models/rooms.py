"""The live meeting of a session: its state, what was done to its agenda, who has a seat.

Who is connected right now is not here: that is presence (`sessions.live.presence`).
"""

from django.db import models

from sessions.core.admission import SeatState
from sessions.core.agenda import MarkKind
from sessions.core.room_state import RoomState
from sessions.models.keys import public_id
from sessions.models.people import Person
from sessions.models.scheduling import Session


class Room(models.Model):
    """One row per session, locked by every verb; `version` rises with each change.

    The stored state is `scheduled` until somebody starts or cancels it: that the lobby is
    open follows from the clock (core.room_state.effective_state).
    """

    session = models.OneToOneField(Session, models.CASCADE, related_name="room")
    key = models.CharField(max_length=32, unique=True, default=public_id, editable=False)
    state = models.CharField(
        max_length=16,
        choices=[(state.value, state.value) for state in RoomState],
        default=RoomState.SCHEDULED.value,
    )
    version = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_rule = models.CharField(max_length=32, blank=True)
    unstaffed_since = models.DateTimeField(null=True, blank=True)
    # how far the room's presence stream has been written to attendance marks
    marks_epoch = models.CharField(max_length=32, blank=True)
    marks_seq = models.PositiveBigIntegerField(default=0)
    # somebody came in, and not all joins and leaves are known to be written
    marks_outstanding = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(marks_outstanding=True), name="marks_outstanding"
            )
        ]

    def __str__(self) -> str:
        return f"room {self.key}"


class RoomPart(models.Model):
    """The state of one part of a room (`core.parts`), as JSON; `version` rises with each change.

    Written under the lock of the room's row.
    """

    room = models.ForeignKey(Room, models.CASCADE, related_name="parts")
    name = models.CharField(max_length=32)  # a PartName; no choices: a new part is no migration
    version = models.PositiveBigIntegerField(default=0)
    state = models.JSONField(null=True)  # null: as at the beginning

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "name"], name="one_part")]

    def __str__(self) -> str:
        return f"{self.name} of room {self.room_id}"


class AgendaMark(models.Model):
    """One thing a facilitator (or the clock) did to the agenda. Never changed or deleted."""

    room = models.ForeignKey(Room, models.PROTECT, related_name="agenda_marks")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in MarkKind])
    minutes = models.SmallIntegerField(default=0)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["room", "number"], name="agenda_mark_number")
        ]

    def __str__(self) -> str:
        return f"agenda mark {self.room_id}.{self.number} {self.kind}"


class Seat(models.Model):
    """A person's seat in one room: waiting at the door, admitted, or removed.

    `key` is the participant id that others see: it leads to nobody outside this room.
    """

    room = models.ForeignKey(Room, models.CASCADE, related_name="seats")
    person = models.ForeignKey(Person, models.PROTECT, related_name="seats")
    key = models.CharField(max_length=32, unique=True, default=public_id, editable=False)
    display_name = models.CharField(max_length=24)
    is_staff = models.BooleanField(default=False)
    state = models.CharField(
        max_length=16,
        choices=[(s.value, s.value) for s in SeatState],
        default=SeatState.NONE.value,
    )
    microphone_allowed = models.BooleanField(default=True)
    version = models.PositiveBigIntegerField(default=0)
    first_in_at = models.DateTimeField(null=True, blank=True)
    admitted_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="one_seat")]

    def __str__(self) -> str:
        return f"seat {self.key}"
