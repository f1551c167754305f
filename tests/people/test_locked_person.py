"""A locked account: who waits for it, and who does not."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from sessions.audit.services import OPERATOR, record
from sessions.core.permissions import Role
from sessions.models import AccountRequest, AuditEvent, Person, WrongCodes
from sessions.people.codes.guesses import codes_allow
from sessions.people.confirming import request_confirm
from sessions.people.locked_person import locked_person
from sessions.people.services import person_change
from tests.locks import somebody_waits
from tests.people.accounts import facilitator, manager, stop_codes
from tests.server.wire import until

pytestmark = pytest.mark.django_db(transaction=True)


def beside(thread: ThreadPoolExecutor, work: Callable[..., Any], *given: Any) -> Future[Any]:
    """In another transaction, on a connection of its own."""

    def run() -> Any:
        try:
            return work(*given)
        finally:
            connection.close()

    return thread.submit(run)


def test_rows_that_name_a_locked_person_are_written_without_waiting() -> None:
    """Kills: a lock that FKs wait for. Who holds the list of managers and writes that Morgan did
    something would wait for somebody who changes Morgan and waits for the list."""
    morgan = manager()
    with ThreadPoolExecutor(1) as thread, transaction.atomic():
        locked_person(morgan.pk)
        beside(thread, record, OPERATOR, "account.test", "done", morgan).result()
    assert AuditEvent.objects.filter(verb="account.test").count() == 1


def test_request_that_is_replaced_while_it_is_confirmed_is_none() -> None:
    """Kills: a request that is locked before its person, which whoever replaces it has locked:
    each would wait for the other."""
    morgan, max_, dana = manager("Morgan"), manager("Max"), facilitator()
    roles = [Role.FACILITATOR, Role.PROGRAM_MANAGER]
    first = person_change(morgan, dana, dana.email, "Dana", roles)
    assert isinstance(first, AccountRequest)
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            locked_person(dana.pk)
            confirming = beside(thread, request_confirm, max_, first.public_id)
            until(somebody_waits)
            second = person_change(morgan, dana, dana.email, "Dana", [Role.PROGRAM_MANAGER])
        refused = confirming.result()
    assert not isinstance(refused, Person)
    assert refused.code == "account.no_request"
    assert AccountRequest.objects.get() == second


def test_wrong_codes_are_forgiven_once_nobody_is_changing_the_account() -> None:
    morgan, dana = manager("Morgan"), facilitator()
    stop_codes(dana)
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            locked_person(dana.pk)
            forgiving = beside(thread, codes_allow, morgan, dana)
            until(somebody_waits)
        assert forgiving.result() == dana
    assert not WrongCodes.objects.exists()
