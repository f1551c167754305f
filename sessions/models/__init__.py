"""The tables. They hold rows and constraints; rules are in `core`, writes in services."""

from sessions.models.account_request import AccountRequest
from sessions.models.audit import AuditEvent, AuditLink
from sessions.models.forms import FormAnswer
from sessions.models.people import Person
from sessions.models.personal import PersonalDetails
from sessions.models.record import AttendanceCheckpoint, AttendanceCorrection, AttendanceMark
from sessions.models.rooms import AgendaMark, Room, RoomPart, Seat
from sessions.models.scheduling import (
    AgendaTemplate,
    Enrolment,
    Program,
    Session,
    SessionMember,
    SessionSegment,
    Staffing,
    TemplateSegment,
    Track,
    TrackException,
)
from sessions.models.sign_in import SignInCode, WrongCodes

__all__ = [
    "AccountRequest",
    "AgendaMark",
    "AgendaTemplate",
    "AttendanceCheckpoint",
    "AttendanceCorrection",
    "AttendanceMark",
    "AuditEvent",
    "AuditLink",
    "Enrolment",
    "FormAnswer",
    "Person",
    "PersonalDetails",
    "Program",
    "Room",
    "RoomPart",
    "Seat",
    "Session",
    "SessionMember",
    "SessionSegment",
    "SignInCode",
    "Staffing",
    "TemplateSegment",
    "Track",
    "TrackException",
    "WrongCodes",
]
