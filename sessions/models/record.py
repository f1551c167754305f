"""Attendance: marks as they happened, a checkpoint a minute, corrections beside them.

All of it is only added (models.rights), so a session that has any of it cannot be deleted.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from sessions.core.reasons import LeaveReason
from sessions.models.people import Person
from sessions.models.scheduling import Session, SessionSegment


class AttendanceMark(models.Model):
    """A join or a leave of one connection. Written once, in the order of the room's stream."""

    class Kind(models.TextChoices):
        JOIN = "join"
        LEAVE = "leave"

    session = models.ForeignKey(Session, models.PROTECT, related_name="attendance_marks")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    reason = models.CharField(
        max_length=16, blank=True, choices=[(r.value, r.value) for r in LeaveReason]
    )
    connection = models.CharField(max_length=32)
    epoch = models.CharField(max_length=32)
    seq = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "epoch", "seq"], name="mark_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.session_id}.{self.seq}"


class AttendanceCheckpoint(models.Model):
    """Who was connected to the room at one instant (ids of persons), once a minute."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="checkpoints")
    at = models.DateTimeField()
    persons = ArrayField(models.BigIntegerField())

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["session", "at"], name="checkpoint_once")]

    def __str__(self) -> str:
        return f"checkpoint {self.session_id} {self.at}"


class AttendanceCorrection(models.Model):
    """Staff's word over the computed minutes of a person in a segment; the newest counts."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="corrections")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    segment = models.ForeignKey(SessionSegment, models.PROTECT, related_name="+")
    minutes = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"correction {self.pk}"
