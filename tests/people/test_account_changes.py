"""ACC1 to ACC3: nobody signs in as somebody else by changing their account."""

from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from sessions.audit.services import OPERATOR
from sessions.core.permissions import Role
from sessions.models import AccountRequest, AuditEvent, Person
from sessions.people.confirming import request_confirm, request_withdraw
from sessions.people.mail import wait_until_delivered
from sessions.people.notices import ADDRESS, ROLES
from sessions.people.services import person_add, person_change, person_reactivate
from tests.audit.outcomes import code
from tests.people.accounts import account, facilitator, manager, sign_in

pytestmark = pytest.mark.django_db

CLIENT, FACILITATOR, MANAGER = Role.CLIENT, Role.FACILITATOR, Role.PROGRAM_MANAGER
NEW = "new@mail.example"


def sent() -> list[tuple[str, str]]:
    wait_until_delivered()
    return sorted((one.to[0], str(one.body).splitlines()[0]) for one in mail.outbox)


def test_acc1_audit_names_the_fields_that_changed_and_not_what_is_in_them() -> None:
    """Kills: an address that is put back, with nothing to say that it was changed."""
    sam, morgan = account("Sam"), manager()
    old = sam.email
    for email in (NEW, old):
        person_change(morgan, sam, email, "Sam", {CLIENT})
    person_change(morgan, sam, old, "Samir", {CLIENT})
    rows = AuditEvent.objects.filter(verb="person.change").order_by("pk")
    assert [row.detail["fields"] for row in rows] == ["email", "email", "display_name"]
    assert not any(NEW in str(row.detail) for row in rows)


def test_acc2_old_and_new_address_are_written_to_and_sign_ins_end(
    django_capture_on_commit_callbacks: Any,
) -> None:
    sam, browser = account("Sam"), Client()
    sign_in(browser, sam)
    old = sam.email
    with django_capture_on_commit_callbacks(execute=True):
        person_change(manager(), sam, NEW, "Sam", {CLIENT})
    assert sent() == sorted([(old, ADDRESS), (NEW, ADDRESS)])
    assert browser.get("/")["Location"].startswith("/sign-in/")


def test_acc2_other_roles_end_sign_ins_and_are_written_about(
    django_capture_on_commit_callbacks: Any,
) -> None:
    dana, browser = facilitator(), Client()
    sign_in(browser, dana)
    with django_capture_on_commit_callbacks(execute=True):
        person_change(OPERATOR, dana, dana.email, "Dana", {FACILITATOR, CLIENT})
    assert sent() == [(dana.email, ROLES)]
    assert browser.get("/")["Location"].startswith("/sign-in/")


def test_acc2_another_name_alone_ends_nothing(django_capture_on_commit_callbacks: Any) -> None:
    sam, browser = account("Sam"), Client()
    sign_in(browser, sam)
    with django_capture_on_commit_callbacks(execute=True):
        person_change(manager(), sam, sam.email, "Samir", {CLIENT})
    assert (sent(), browser.get("/").status_code) == ([], 200)


def asked(actor: Person, person: Person, email: str, roles: set[Role]) -> AccountRequest:
    request = person_change(actor, person, email, person.display_name, roles)
    assert isinstance(request, AccountRequest), request
    return request


@pytest.mark.parametrize(
    ("before", "email", "after"),
    [
        ({FACILITATOR}, NEW, {FACILITATOR}),
        ({FACILITATOR}, None, {FACILITATOR, MANAGER}),
        ({FACILITATOR}, None, {CLIENT}),
        ({CLIENT}, None, {CLIENT, FACILITATOR}),
    ],
)
def test_acc3_staff_accounts_change_when_a_second_manager_confirms(
    before: set[Role], email: str | None, after: set[Role]
) -> None:
    morgan, max_, dana = manager("Morgan"), manager("Max"), account("Dana", before)
    request = asked(morgan, dana, email or dana.email, after)
    dana.refresh_from_db()
    assert dana.role_set == before
    assert code(request_confirm(morgan, request.public_id)) == "account.own_request"
    assert code(request_confirm(facilitator("Luis"), request.public_id)) == "permission.role"
    assert isinstance(request_confirm(max_, request.public_id), Person)
    dana.refresh_from_db()
    assert (dana.email, dana.role_set) == (email or dana.email, frozenset(after))
    row = AuditEvent.objects.get(verb="person.change", outcome="done")
    assert (row.actor, row.detail["asked_by"]) == (max_, morgan.pk)
    assert code(request_confirm(max_, request.public_id)) == "account.no_request"


def test_acc3_manager_makes_no_second_self(db: None) -> None:
    """Kills: an insider who adds a manager of their own, and confirms with it."""
    morgan = manager("Morgan")
    own = person_add(morgan, NEW, "Own", {MANAGER})
    assert isinstance(own, Person)
    assert (own.is_active, AccountRequest.objects.get().kind) == (False, "open")
    assert isinstance(person_reactivate(morgan, own), AccountRequest)
    assert not Person.objects.get(pk=own.pk).is_active
    assert isinstance(request_confirm(manager(), AccountRequest.objects.get().public_id), Person)
    assert Person.objects.get(pk=own.pk).is_active


def test_acc3_request_that_cannot_be_carried_out_goes_on_waiting() -> None:
    morgan, max_, dana = manager("Morgan"), manager("Max"), facilitator()
    request = asked(morgan, dana, NEW, {FACILITATOR})
    account("Taken", email=NEW)
    assert code(request_confirm(max_, request.public_id)) == "person.email_taken"
    assert isinstance(request_withdraw(max_, request.public_id), Person)
    assert AccountRequest.objects.count() == 0


def test_acc3_operator_confirms_where_there_is_no_second_manager() -> None:
    dana, out = facilitator(), StringIO()
    request = asked(manager(), dana, NEW, {FACILITATOR})
    call_command("confirm_account_change", stdout=out)
    assert out.getvalue().startswith(request.public_id)
    call_command("confirm_account_change", request.public_id, stdout=out)
    dana.refresh_from_db()
    assert dana.email == NEW
    with pytest.raises(CommandError):
        call_command("confirm_account_change", request.public_id)
