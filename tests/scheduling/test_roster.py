"""Rosters and staff: who may come and lead, on which days, and what is refused."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine

from sessions.audit.services import OPERATOR
from sessions.core.permissions import Role
from sessions.core.refusal import Refuse
from sessions.models import AuditEvent, Enrolment, Staffing, Track
from sessions.people.services import person_deactivate
from sessions.scheduling.selectors import enrolments_from, enrolments_on, staff_of_track
from sessions.scheduling.services import track_change
from sessions.scheduling.services_roster import enrol, staff, unenrol, unstaff
from tests.audit.outcomes import code, last_audit
from tests.people.accounts import account, facilitator
from tests.scheduling.tracks import MONDAY, NOW, plan, staffed_by, track

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)


def names_on(made: Track, day: date) -> list[str]:
    return [one.display_name for one in enrolments_on(made.pk, day)]


# ---- clients -----------------------------------------------------------------------------------


def test_client_is_on_the_roster_from_the_first_day() -> None:
    made, sam = track(), account("Sam")
    enrolment = enrol(OPERATOR, made, sam)
    assert isinstance(enrolment, Enrolment)
    assert (enrolment.display_name, enrolment.starts_on, enrolment.ends_on) == (
        "Sam",
        MONDAY,
        None,
    )
    row = AuditEvent.objects.latest("pk")
    assert (row.verb, row.subject, row.detail["track"]) == ("track.enrol", sam, made.public_id)


def test_client_of_a_running_track_is_on_the_roster_from_today(
    clock: time_machine.Traveller,
) -> None:
    """Today is the track's: in New York it is Tuesday while it is Wednesday in UTC."""
    made = track()
    clock.move_to(NOW.replace(month=12, day=9, hour=3))
    enrolment = enrol(OPERATOR, made, account("Sam"))
    assert isinstance(enrolment, Enrolment)
    assert enrolment.starts_on == date(2026, 12, 8)


def test_name_on_the_roster_may_be_narrower_than_the_persons() -> None:
    made = track()
    enrol(OPERATOR, made, account("Sam"))
    enrolment = enrol(OPERATOR, made, account("Sam"), " Sam  K ")
    assert isinstance(enrolment, Enrolment)
    assert enrolment.display_name == "Sam K"


@pytest.mark.parametrize(
    ("name", "refused"),
    [("", "person.name_length"), ("a@b", "person.name_sign"), ("s\x07", "person.name_characters")],
)
def test_name_that_cannot_be_shown_is_refused(name: str, refused: str) -> None:
    assert code(enrol(OPERATOR, track(), account("Sam"), name)) == refused
    assert last_audit() == ("track.enrol", refused)


@pytest.mark.parametrize("name", ["Sam", "SAM", "ＳＡＭ"])
def test_name_that_somebody_has_is_refused_with_another_one(name: str) -> None:
    made = track()
    enrol(OPERATOR, made, account("Sam"))
    result = enrol(OPERATOR, made, account("Samuel"), name)
    assert code(result) == "person.name_taken"
    assert isinstance(result, Refuse)
    assert result.detail["suggestion"] == f"{name.strip()} 2"


def test_name_of_somebody_who_has_left_is_free() -> None:
    made, sam = track(), account("Sam")
    enrol(OPERATOR, made, sam)
    unenrol(OPERATOR, made, sam, MONDAY)
    assert isinstance(enrol(OPERATOR, made, account("Sam"), starts_on=MONDAY + A_DAY), Enrolment)


@pytest.mark.parametrize("roles", [{Role.FACILITATOR}, {Role.PROGRAM_MANAGER}])
def test_only_clients_are_enrolled(roles: set[Role]) -> None:
    assert code(enrol(OPERATOR, track(), account("Ana", roles))) == "track.not_client"


def test_closed_account_is_not_enrolled() -> None:
    sam = account("Sam")
    person_deactivate(OPERATOR, sam)
    sam.refresh_from_db()
    assert code(enrol(OPERATOR, track(), sam)) == "track.not_client"


def test_person_is_enrolled_once() -> None:
    made, sam = track(), account("Sam")
    enrol(OPERATOR, made, sam)
    assert code(enrol(OPERATOR, made, sam, "Sam K")) == "track.enrolled"


def test_full_roster_is_refused_until_somebody_leaves() -> None:
    made, sam = track(seats=2), account("Sam")
    enrol(OPERATOR, made, sam)
    enrol(OPERATOR, made, account("Tess"))
    joe = account("Joe")
    assert code(enrol(OPERATOR, made, joe)) == "track.full"
    assert last_audit() == ("track.enrol", "track.full")
    unenrol(OPERATOR, made, sam, MONDAY)
    assert code(enrol(OPERATOR, made, joe)) == "track.full"
    assert isinstance(enrol(OPERATOR, made, joe, starts_on=MONDAY + A_DAY), Enrolment)


def test_client_who_starts_later_holds_the_seat() -> None:
    """Kills: counting only those who are on the roster on the new one's first day."""
    made = track(seats=1)
    enrol(OPERATOR, made, account("Sam"), starts_on=MONDAY + A_DAY * 7)
    assert code(enrol(OPERATOR, made, account("Tess"))) == "track.full"


def test_client_leaves_after_a_day_and_comes_back() -> None:
    made, sam = track(), account("Sam")
    enrol(OPERATOR, made, sam)
    unenrol(OPERATOR, made, sam, MONDAY + A_DAY)
    enrol(OPERATOR, made, sam, starts_on=MONDAY + A_DAY * 7)
    on = [names_on(made, MONDAY + A_DAY * n) for n in range(9)]
    assert on == [["Sam"]] * 2 + [[]] * 5 + [["Sam"]] * 2


def test_client_taken_off_before_the_first_day_was_on_no_day() -> None:
    """The row stays, since none is ever deleted, and holds on no day."""
    made, sam = track(), account("Sam")
    enrol(OPERATOR, made, sam)
    assert isinstance(unenrol(OPERATOR, made, sam), Track)
    assert Enrolment.objects.count() == 1
    assert [names_on(made, MONDAY + A_DAY * n) for n in range(-3, 9)] == [[]] * 12
    assert not enrolments_from(made, MONDAY - A_DAY * 30).exists()
    assert last_audit() == ("track.unenrol", "done")


def test_client_taken_off_today_is_not_on_todays_roster(clock: time_machine.Traveller) -> None:
    made, sam = track(), account("Sam")
    enrol(OPERATOR, made, sam)
    clock.shift(timedelta(days=3))  # Wednesday
    unenrol(OPERATOR, made, sam)
    on = [names_on(made, MONDAY + A_DAY * n) for n in range(4)]
    assert on == [["Sam"], ["Sam"], [], []]


def test_client_who_is_not_on_the_roster_is_not_taken_off() -> None:
    assert code(unenrol(OPERATOR, track(), account("Sam"))) == "track.not_enrolled"


def test_change_of_the_roster_ends_and_begins_stays(clock: time_machine.Traveller) -> None:
    sam, tess, joe = account("Sam"), account("Tess"), account("Joe")
    made = track(roster=(sam, tess))
    clock.shift(timedelta(days=3))  # Wednesday
    track_change(OPERATOR, made, plan(facilitators=None, roster=(tess, joe)))
    on = [names_on(made, MONDAY + A_DAY * n) for n in range(1, 3)]
    assert on == [["Sam", "Tess"], ["Joe", "Tess"]]
    verbs = AuditEvent.objects.order_by("-pk").values_list("verb", "subject")[1:3]
    assert set(verbs) == {("track.enrol", joe.pk), ("track.unenrol", sam.pk)}


def test_change_of_the_roster_keeps_the_names_it_has() -> None:
    """Two Sams, one of them Sam K here. Kills: comparing the accounts' names."""
    sams = (account("Sam"), account("Sam"))
    made = track(roster=sams[:1])
    enrol(OPERATOR, made, sams[1], "Sam K")
    assert isinstance(track_change(OPERATOR, made, plan(facilitators=None, roster=sams)), Track)
    assert names_on(made, MONDAY) == ["Sam", "Sam K"]


def test_fewer_seats_than_people_are_refused() -> None:
    made = track(roster=(account("Sam"), account("Tess")))
    change = plan(facilitators=None, seats=1)
    assert code(track_change(OPERATOR, made, change)) == "track.full"


# ---- facilitators ------------------------------------------------------------------------------


def test_second_facilitator_comes_after_the_first() -> None:
    dana, luis = facilitator("Dana"), facilitator("Luis")
    made = staffed_by(dana)
    assert isinstance(staff(OPERATOR, made, luis), Staffing)
    assert staff_of_track(made) == (dana, luis)
    assert last_audit() == ("track.staff", "done")


def test_only_facilitators_lead() -> None:
    assert code(staff(OPERATOR, track(), account("Sam"))) == "track.not_facilitator"


def test_facilitator_leads_a_track_once() -> None:
    dana = facilitator()
    assert code(staff(OPERATOR, staffed_by(dana), dana)) == "track.staffed"


def test_busy_facilitator_is_not_added() -> None:
    dana = facilitator()
    staffed_by(dana)
    result = staff(OPERATOR, track(local_start=plan().local_start), dana)
    assert code(result) == "track.facilitator_busy"
    assert isinstance(result, Refuse)
    assert result.detail["date"] == MONDAY.isoformat()


def test_last_facilitator_stays() -> None:
    dana, luis = facilitator("Dana"), facilitator("Luis")
    made = staffed_by(dana, luis)
    assert isinstance(unstaff(OPERATOR, made, dana), Track)
    assert code(unstaff(OPERATOR, made, luis)) == "track.facilitator_none"
    assert code(unstaff(OPERATOR, made, dana)) == "track.not_staffed"


@pytest.mark.parametrize("roles", [{Role.CLIENT}, {Role.FACILITATOR}])
def test_only_a_program_manager_writes_rosters(roles: set[Role]) -> None:
    actor, sam, dana = account("Ana", roles), account("Sam"), facilitator()
    made = track(roster=(sam,))
    writes: list[Callable[[], object]] = [
        lambda: enrol(actor, made, account("Tess")),
        lambda: unenrol(actor, made, sam),
        lambda: staff(actor, made, dana),
        lambda: unstaff(actor, made, staff_of_track(made)[0]),
    ]
    assert [code(write()) for write in writes] == ["permission.role"] * 4
    assert list(AuditEvent.objects.filter(actor=actor).values_list("verb", flat=True)) == [
        "track.enrol",
        "track.unenrol",
        "track.staff",
        "track.unstaff",
    ]
