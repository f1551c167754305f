"""Personal details: sealed in the row, opened for those that the table names, each look written down."""

from dataclasses import replace

import pytest
import time_machine
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from server.logs import WithoutValues
from sessions.audit.services import OPERATOR
from sessions.core.personal import FIELDS, Personal
from sessions.core.refusal import Refuse
from sessions.models import AuditEvent, Person, PersonalDetails
from sessions.models.sealing import seal
from sessions.people.selectors import Opened, details_of
from sessions.people.services import details_change, details_read, details_read_in
from tests.audit.outcomes import code, last_audit
from tests.people.accounts import account, facilitator, manager
from tests.scheduling.tracks import NOW, track

pytestmark = pytest.mark.django_db
DETAILS = Personal(
    "12 Elm St Apt 4, Albany NY", "518 555 0130", "Ottoline", "518 555 0131", "518 555 0911"
)


@pytest.fixture
def morgan() -> Person:
    return manager()


@pytest.fixture
def sam(morgan: Person) -> Person:
    sam = account()
    assert details_change(morgan, sam, DETAILS) == DETAILS
    return sam


def columns(person: Person) -> dict[str, str]:
    row = PersonalDetails.objects.get(person=person)
    return {name: getattr(row, name) for name in FIELDS}


def put(person: Person, column: str, value: str) -> None:
    """By the back door, as somebody with rights in the database."""
    PersonalDetails.objects.filter(person=person).update(**{column: value})


def test_what_was_saved_is_read_and_the_row_holds_nothing_of_it(sam: Person) -> None:
    assert details_of(sam) == Opened(DETAILS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT d::text FROM group_sessions_personaldetails d")
        ((stored,),) = cursor.fetchall()
    for value in DETAILS.by_name().values():
        assert value not in stored


def test_nothing_is_kept_of_somebody_new_and_reading_makes_no_row(morgan: Person) -> None:
    new = account("New")
    assert details_read(morgan, new) == Opened(Personal())
    assert not PersonalDetails.objects.filter(person=new).exists()


def test_only_what_changed_is_sealed_anew_and_named(sam: Person, morgan: Person) -> None:
    """Kills: an audit row that holds a value, or says that all was changed."""
    before = columns(sam)
    wanted = replace(DETAILS, phone="518 555 0999", contact_name="")
    assert details_change(morgan, sam, wanted) == wanted
    after = columns(sam)
    assert {name for name in FIELDS if before[name] != after[name]} == {"phone", "contact_name"}
    row = AuditEvent.objects.latest("pk")
    assert (row.verb, row.outcome, row.actor, row.subject) == (
        *("person.details_change", "done"),
        *(morgan, sam),
    )
    assert row.detail == {"fields": "contact_name,phone"}
    assert after["contact_name"] == ""


@time_machine.travel(NOW)
def test_each_look_leaves_a_row(sam: Person, morgan: Person) -> None:
    details_read(morgan, sam)
    session = track().sessions.get(number=1)
    details_read_in(facilitator(), sam, session)
    rows = AuditEvent.objects.filter(subject=sam).order_by("-pk")[:2]
    assert [(row.verb, row.outcome, row.session) for row in rows] == [
        ("session.details", "done", session),
        ("person.details_read", "done", None),
    ]


def test_only_a_manager_reads_and_changes(sam: Person) -> None:
    for somebody in (sam, facilitator(), account("Other")):
        before = columns(sam)
        for refused in (details_read(somebody, sam), details_change(somebody, sam, Personal())):
            assert isinstance(refused, Refuse)
            assert refused.code == "permission.role"
            assert last_audit()[1] == "permission.role"
        assert columns(sam) == before


def test_details_are_kept_of_clients_only(morgan: Person) -> None:
    dana = facilitator()
    assert code(details_read(morgan, dana)) == "details.not_client"
    assert code(details_change(OPERATOR, dana, DETAILS)) == "details.not_client"
    assert last_audit() == ("person.details_change", "details.not_client")


def test_wrong_details_change_nothing(sam: Person, morgan: Person) -> None:
    before = columns(sam)
    assert code(details_change(morgan, sam, replace(DETAILS, phone="x"))) == "details.phone"
    assert columns(sam) == before


def test_value_moved_to_another_person_or_column_does_not_open_and_hides_no_other(
    sam: Person, morgan: Person, caplog: pytest.LogCaptureFixture
) -> None:
    other = account("Other")
    details_change(morgan, other, replace(DETAILS, phone="518 555 0777"))
    put(sam, "phone", columns(other)["phone"])
    put(sam, "address", columns(sam)["contact_name"])
    found = details_of(sam)
    assert found == Opened(replace(DETAILS, phone="", address=""), ("address", "phone"))
    assert [WithoutValues().format(one) for one in caplog.records] == [
        f"ERROR sessions.people.selectors a sealed value does not open: group_sessions_personaldetails|{sam.pk}|{name}"
        for name in ("address", "phone")
    ]


def test_what_does_not_open_stays_when_the_form_is_saved_with_its_field_untouched(
    sam: Person, morgan: Person, settings: Settings
) -> None:
    """A web process that does not have the key yet must not blank what others can read. Kills:
    sealing the empty text of a field that could not be shown."""
    ring = settings.THIRDS_FIELD_KEYS
    settings.THIRDS_FIELD_KEYS = f"new:{'n' * 43},{ring}"
    put(sam, "phone", seal("518 555 0444", PersonalDetails.objects.get(person=sam).place("phone")))
    settings.THIRDS_FIELD_KEYS = ring
    shown = details_of(sam).values
    assert shown == replace(DETAILS, phone="")
    moved = replace(shown, address="9 Oak St")
    assert details_change(morgan, sam, moved) == moved
    assert AuditEvent.objects.latest("pk").detail == {"fields": "address"}
    settings.THIRDS_FIELD_KEYS = f"new:{'n' * 43},{ring}"
    assert details_of(sam) == Opened(replace(moved, phone="518 555 0444"))


def test_what_is_typed_takes_the_place_of_what_does_not_open(sam: Person, morgan: Person) -> None:
    put(sam, "phone", "v1.gone.AAAA")
    typed = replace(DETAILS, phone="518 555 0999")
    assert details_change(morgan, sam, typed) == typed
    assert details_of(sam) == Opened(typed)


def test_reading_takes_one_query_beside_its_audit_row(
    sam: Person, morgan: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):  # a savepoint and its release, the row, the details
        details_read(morgan, sam)


def test_keys_that_are_gone_break_every_field_and_no_page(sam: Person, settings: Settings) -> None:
    settings.THIRDS_FIELD_KEYS = f"new:{'n' * 43}"
    assert details_of(sam) == Opened(Personal(), FIELDS)
