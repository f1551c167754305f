"""Accounts: what may be written, what is refused, and the audit row of each."""

import io
import threading
from collections.abc import Callable

import pytest
from django.core import management
from django.core.management.base import CommandError
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from sessions.audit.services import OPERATOR
from sessions.core.permissions import Role
from sessions.core.refusal import REFUSALS, Refuse
from sessions.models import AgendaTemplate, AuditEvent, Person, Program
from sessions.people.selectors import (
    demo_people,
    has_program_manager,
    people,
    people_with_role,
    person_by_email,
)
from sessions.people.services import (
    first_manager_add,
    person_add,
    person_change,
    person_deactivate,
    person_reactivate,
)
from tests.audit.outcomes import code, last_audit
from tests.people.accounts import account, facilitator, manager

pytestmark = pytest.mark.django_db

CLIENT, FACILITATOR, MANAGER = Role.CLIENT, Role.FACILITATOR, Role.PROGRAM_MANAGER


def test_person_is_added_with_an_address_in_lower_case_and_no_password() -> None:
    added = person_add(manager(), "  Sam.K@Mail.Example ", "  Sam   K ", {CLIENT, FACILITATOR})
    assert isinstance(added, Person)
    assert (added.email, added.display_name) == ("sam.k@mail.example", "Sam K")
    assert added.role_set == {CLIENT, FACILITATOR}
    assert not added.has_usable_password()
    assert last_audit() == ("person.add", "done")


@pytest.mark.parametrize(
    ("email", "name", "roles", "refused"),
    [
        ("sam", "Sam", {CLIENT}, "person.email"),
        ("", "Sam", {CLIENT}, "person.email"),
        (f"{'a' * 250}@mail.example", "Sam", {CLIENT}, "person.email"),
        ("sam@mail.example", " ", {CLIENT}, "person.name_length"),
        ("sam@mail.example", "S" * 25, {CLIENT}, "person.name_length"),
        ("sam@mail.example", "sam@mail", {CLIENT}, "person.name_sign"),
        ("sam@mail.example", "Sam\ue000", {CLIENT}, "person.name_characters"),
        ("sam@mail.example", "Sam", set(), "person.no_role"),
        ("TAKEN@mail.example", "Sam", {CLIENT}, "person.email_taken"),
    ],
)
def test_person_add_refuses(email: str, name: str, roles: set[Role], refused: str) -> None:
    account("Tess", email="taken@mail.example")
    before = Person.objects.count()
    assert code(person_add(OPERATOR, email, name, roles)) == refused
    assert last_audit() == ("person.add", refused)
    assert Person.objects.count() == before


@pytest.mark.parametrize("roles", [{CLIENT}, {FACILITATOR}, {CLIENT, FACILITATOR}])
def test_only_a_program_manager_writes_accounts(roles: set[Role]) -> None:
    actor, sam = account("Dana", roles), account("Sam")
    writes: list[Callable[[], object]] = [
        lambda: person_add(actor, "new@mail.example", "New", {CLIENT}),
        lambda: person_change(actor, sam, sam.email, "Samuel", {CLIENT}),
        lambda: person_deactivate(actor, sam),
        lambda: person_reactivate(actor, sam),
    ]
    assert [code(write()) for write in writes] == ["permission.role"] * 4
    assert list(
        AuditEvent.objects.filter(outcome="permission.role").values_list("verb", "actor")
    ) == [
        (verb, actor.pk)
        for verb in ("person.add", "person.change", "person.deactivate", "person.reactivate")
    ]


def test_closed_program_manager_writes_nothing() -> None:
    manager("Mo")
    morgan = manager()
    person_deactivate(OPERATOR, morgan)
    morgan.refresh_from_db()
    result = person_add(morgan, "new@mail.example", "New", {CLIENT})
    assert code(result) == "permission.signed_out"


def test_person_change_writes_all_of_it() -> None:
    sam = account("Sam")
    changed = person_change(OPERATOR, sam, "NEW@mail.example", "Samira", {FACILITATOR})
    assert isinstance(changed, Person)
    sam.refresh_from_db()
    assert (sam.email, sam.display_name, sam.role_set) == (
        "new@mail.example",
        "Samira",
        frozenset({FACILITATOR}),
    )
    assert person_by_email("New@Mail.Example") == sam


def test_person_change_keeps_its_own_address_and_refuses_anothers() -> None:
    sam, tess = account("Sam"), account("Tess")
    assert isinstance(person_change(OPERATOR, sam, sam.email.upper(), "Sam", {CLIENT}), Person)
    assert code(person_change(OPERATOR, sam, tess.email, "Sam", {CLIENT})) == "person.email_taken"
    row = AuditEvent.objects.latest("pk")
    assert (row.verb, row.outcome, row.subject) == ("person.change", "person.email_taken", sam)


def test_last_program_manager_keeps_role_and_account() -> None:
    """Kills: counting a closed account as a manager."""
    morgan, mo = manager("Morgan"), manager("Mo")
    person_deactivate(morgan, mo)
    assert code(person_deactivate(morgan, morgan)) == "person.last_manager"
    refused = person_change(OPERATOR, morgan, morgan.email, "Morgan", {FACILITATOR})
    assert code(refused) == "person.last_manager"
    person_reactivate(OPERATOR, mo)
    assert isinstance(person_deactivate(morgan, morgan), Person)


def test_closing_and_opening_an_account_is_recorded() -> None:
    sam = account("Sam")
    person_deactivate(OPERATOR, sam)
    assert (Person.objects.get(pk=sam.pk).is_active, last_audit()) == (
        False,
        ("person.deactivate", "done"),
    )
    person_reactivate(OPERATOR, sam)
    assert (Person.objects.get(pk=sam.pk).is_active, last_audit()) == (
        True,
        ("person.reactivate", "done"),
    )


def test_audit_rows_hold_no_name_and_no_address() -> None:
    sam = account("Samantha")
    person_change(OPERATOR, sam, "secret@mail.example", "Samantha", {CLIENT})
    for row in AuditEvent.objects.values("verb", "outcome", "detail"):
        assert "Samantha" not in str(row)
        assert "mail.example" not in str(row)


def test_write_and_its_audit_row_fall_together() -> None:
    with transaction.atomic():
        person_add(OPERATOR, "sam@mail.example", "Sam", {CLIENT})
        transaction.set_rollback(True)
    assert (Person.objects.count(), AuditEvent.objects.count()) == (0, 0)


def test_first_manager_on_a_new_installation() -> None:
    out = io.StringIO()
    management.call_command("first_manager", "Boss@Mail.Example", stdout=out)
    assert out.getvalue() == "Added. Sign in as boss@mail.example; a code comes by e-mail.\n"
    assert person_by_email("boss@mail.example").role_set == {MANAGER}  # type: ignore[union-attr]
    assert AuditEvent.objects.filter(verb="person.add").latest("pk").detail["operator"] is True
    assert (Program.objects.count(), AgendaTemplate.objects.count()) == (1, 3)


@pytest.mark.parametrize(
    ("email", "there", "said"),
    [
        ("boss@mail.example", True, REFUSALS["person.manager_exists"]),
        ("boss", False, REFUSALS["person.email"]),
    ],
)
def test_first_manager_refuses_in_a_sentence(email: str, there: bool, said: str) -> None:
    if there:
        manager()
    with pytest.raises(CommandError) as refused:
        management.call_command("first_manager", email)
    assert (str(refused.value), refused.value.returncode) == (said, 1)


def test_closed_manager_does_not_stand_in_the_way_of_a_first_one() -> None:
    mo = manager("Mo")
    Person.objects.filter(pk=mo.pk).update(is_active=False)
    assert not has_program_manager()
    assert isinstance(first_manager_add("boss@mail.example"), Person)


@pytest.mark.parametrize("number", [1, 3])
def test_lists_of_people_take_one_query(
    number: int, django_assert_num_queries: Callable[[int], object]
) -> None:
    for n in range(number):
        account(f"Sam {n}", [CLIENT, FACILITATOR], is_demo=True)
    for read in (people, demo_people, lambda: people_with_role(CLIENT)):
        with django_assert_num_queries(1):  # type: ignore[attr-defined]
            assert len(list(read())) == number


def test_people_with_role_leaves_out_other_roles_and_closed_accounts() -> None:
    dana, sam = facilitator(), account("Sam")
    person_deactivate(OPERATOR, account("Tess"))
    assert list(people_with_role(CLIENT)) == [sam]
    assert list(people_with_role(FACILITATOR)) == [dana]


LETTERS = st.text(st.sampled_from("abXYßéİ-1"), min_size=1, max_size=6)


class TestAddresses(HypothesisTestCase):
    """The rule: an address is one person's, whatever its case."""

    @given(name=st.text(st.sampled_from("abXY.1"), min_size=1, max_size=6), data=st.data())
    def test_address_is_taken_in_any_case(self, name: str, data: st.DataObject) -> None:
        """Kills: comparing addresses as they were typed."""
        address = f"{name.strip('.') or 'a'}@mail.example".replace("..", ".")
        flipped = "".join(data.draw(st.sampled_from([c.upper(), c.lower()])) for c in address)
        first = person_add(OPERATOR, address, "Sam", {CLIENT})
        if isinstance(first, Person):
            assert code(person_add(OPERATOR, flipped, "Sam", {CLIENT})) == "person.email_taken"


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Runs the jobs in threads that begin together, each on a connection of its own."""
    barrier, results = threading.Barrier(len(jobs)), list[object]()

    def run(job: Callable[[], object]) -> None:
        barrier.wait(30)
        try:
            results.append(job())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def kinds(results: list[object]) -> list[str]:
    return sorted(one.code if isinstance(one, Refuse) else "done" for one in results)


@pytest.mark.django_db(transaction=True)
def test_same_address_twice_at_once_is_one_account() -> None:
    def add() -> object:
        return person_add(OPERATOR, "sam@mail.example", "Sam", {CLIENT})

    assert kinds(at_once(add, add, add)) == ["done", "person.email_taken", "person.email_taken"]
    assert Person.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_first_managers_at_once_are_one() -> None:
    """Kills: asking whether there is a manager without a lock."""
    results = at_once(
        lambda: first_manager_add("one@mail.example"), lambda: first_manager_add("two@mail.example")
    )
    assert kinds(results) == ["done", "person.manager_exists"]


@pytest.mark.django_db(transaction=True)
def test_two_managers_who_close_each_other_at_once_leave_one() -> None:
    """Kills: the last manager decided without a lock."""
    one, two = manager("Mo"), manager("Morgan")
    results = at_once(
        lambda: person_deactivate(OPERATOR, one), lambda: person_deactivate(OPERATOR, two)
    )
    assert kinds(results) == ["done", "person.last_manager"]
