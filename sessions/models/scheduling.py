"""Programs, agenda templates, tracks, and the dated sessions a track becomes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from sessions.core.agenda import SegmentKind
from sessions.models.keys import public_id
from sessions.models.people import Person

SEGMENT_KINDS = [(kind.value, kind.value) for kind in SegmentKind]


class Program(models.Model):
    """A licensed offering of the one organisation a deployment serves."""

    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"program {self.pk}"


class AgendaTemplate(models.Model):
    """A named list of segments from which the sessions of a track take their agenda."""

    name = models.CharField(max_length=60, unique=True)

    def __str__(self) -> str:
        return self.name


class SegmentColumns(models.Model):
    """What a segment of a template and a segment of a session have in common.

    Exactly one of `minutes` (fixed) and `share` (of what fixed minutes leave) is set.
    """

    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16, choices=SEGMENT_KINDS)
    block = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=60, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    share = models.PositiveSmallIntegerField(null=True, blank=True)
    advances_itself = models.BooleanField(default=False)

    class Meta:
        abstract = True
        ordering = ["position"]


def _one_length(name: str) -> models.CheckConstraint:
    either = models.Q(minutes__isnull=False, share__isnull=True)
    other = models.Q(minutes__isnull=True, share__isnull=False)
    return models.CheckConstraint(condition=either | other, name=name)


class TemplateSegment(SegmentColumns):
    template = models.ForeignKey(AgendaTemplate, models.CASCADE, related_name="segments")

    class Meta(SegmentColumns.Meta):
        constraints = [
            models.UniqueConstraint(fields=["template", "position"], name="template_position"),
            _one_length("template_segment_length"),
        ]

    def __str__(self) -> str:
        return f"{self.template_id}.{self.position} {self.kind}"


class Track(models.Model):
    """A recurring schedule: local wall time in its own zone, for some weeks."""

    public_id = models.CharField(max_length=32, unique=True, default=public_id, editable=False)
    program = models.ForeignKey(Program, models.PROTECT, related_name="tracks")
    name = models.CharField(max_length=60)
    weekdays = ArrayField(models.PositiveSmallIntegerField())  # Monday is 0
    local_start = models.TimeField()
    minutes = models.PositiveSmallIntegerField()
    zone = models.CharField(max_length=64)
    first_date = models.DateField()
    weeks = models.PositiveSmallIntegerField()
    seats = models.PositiveSmallIntegerField(default=12)  # clients
    template = models.ForeignKey(AgendaTemplate, models.PROTECT, related_name="tracks")
    # whether core.curriculum names the topics of its sessions
    uses_curriculum = models.BooleanField(default=False)
    # when new rules of its time zone last moved planned sessions, and how many
    replanned_at = models.DateTimeField(null=True, blank=True)
    replanned = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"track {self.public_id}"


class TrackException(models.Model):
    """A date of a track that is skipped, or moved to another date or time."""

    track = models.ForeignKey(Track, models.CASCADE, related_name="exceptions")
    local_date = models.DateField()
    moved_to_date = models.DateField(null=True, blank=True)
    moved_to_start = models.TimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["track", "local_date"], name="exception_once")
        ]

    def __str__(self) -> str:
        return f"exception {self.track_id} {self.local_date}"


class Enrolment(models.Model):
    """A client on a track's roster, from a date, until one (both included) if it is known.

    Someone who left and comes back has a second row, so that the rosters of the dates between
    stay what they were. Rows of one track and person never overlap (the service sees to it). A row
    is never deleted: one that was planned and taken back ends before it starts, and holds on no
    day.
    """

    track = models.ForeignKey(Track, models.PROTECT, related_name="enrolments")
    person = models.ForeignKey(Person, models.PROTECT, related_name="enrolments")
    display_name = models.CharField(max_length=24)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["display_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["track", "person"],
                condition=models.Q(ends_on__isnull=True),
                name="enrolled_once",
            ),
            models.UniqueConstraint(
                models.F("track"),
                Lower("display_name"),
                condition=models.Q(ends_on__isnull=True),
                name="name_once_in_track",
            ),
        ]

    def __str__(self) -> str:
        return f"enrolment {self.pk}"


class Staffing(models.Model):
    """A facilitator of a track. The first by `position` leads."""

    track = models.ForeignKey(Track, models.CASCADE, related_name="staffings")
    person = models.ForeignKey(Person, models.PROTECT, related_name="staffings")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["track", "person"], name="staffed_once")]

    def __str__(self) -> str:
        return f"staffing {self.pk}"


class Session(models.Model):
    """One dated meeting of a track. Instants are UTC; the room has its live state.

    When its lobby opens, what it takes from its track is written down (`scheduling.members`):
    zone, name and seats here, roster and staff as members. What is said of it from then on is
    read from there, so that a change of the track changes nothing that is past.
    """

    public_id = models.CharField(max_length=32, unique=True, default=public_id, editable=False)
    track = models.ForeignKey(Track, models.PROTECT, related_name="sessions")
    number = models.PositiveSmallIntegerField()
    local_date = models.DateField()
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    topic_code = models.CharField(max_length=8, blank=True)
    topic = models.CharField(max_length=80, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)
    written_at = models.DateTimeField(null=True, blank=True)
    written_zone = models.CharField(max_length=64, blank=True)
    written_name = models.CharField(max_length=60, blank=True)
    written_seats = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["track", "number"], name="session_number_once"),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="session_ends_after"
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.public_id}"

    @property
    def zone(self) -> str:
        """The zone in which the session is, or was, held."""
        return self.written_zone if self.written_at else self.track.zone

    @property
    def track_name(self) -> str:
        """What its track is called, or was when it was held."""
        return self.written_name if self.written_at else self.track.name

    @property
    def seats(self) -> int:
        """How many clients it has room for."""
        return (self.written_seats if self.written_at else None) or self.track.seats


class SessionMember(models.Model):
    """Somebody on a session's own roster or staff, from an instant until another if there was one.

    Somebody who is taken off and put on again while it goes on has a second row.
    """

    session = models.ForeignKey(Session, models.PROTECT, related_name="members")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    is_staff = models.BooleanField()
    display_name = models.CharField(max_length=24)
    position = models.PositiveSmallIntegerField(default=0)  # of staff; the first leads
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "display_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "person", "is_staff"],
                condition=models.Q(until__isnull=True),
                name="member_once",
            ),
        ]

    def __str__(self) -> str:
        return f"member {self.pk} of {self.session_id}"


class SessionSegment(SegmentColumns):
    """The session's own agenda, copied from the template when the session is made."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="segments")

    class Meta(SegmentColumns.Meta):
        constraints = [
            models.UniqueConstraint(fields=["session", "position"], name="segment_position"),
            _one_length("session_segment_length"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}.{self.position} {self.kind}"
