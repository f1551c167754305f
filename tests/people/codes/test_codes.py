"""The one live code of an address, and how many wrong ones are compared with it."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from sessions.audit.services import OPERATOR
from sessions.core.guesses import A_DAY, IN_ALL
from sessions.core.refusal import Refuse
from sessions.models import AuditEvent, Person, SignInCode, WrongCodes
from sessions.people.codes import digests
from sessions.people.codes.guesses import codes_allow, stopped_accounts, sweep
from sessions.people.codes.services import Live, code_ask, code_try
from tests.audit.outcomes import code
from tests.people.accounts import account, facilitator

SAM = "sam@mail.example"
NOW = datetime(2026, 11, 30, 18, tzinfo=UTC)


def asked(at: datetime = NOW, device: str = "") -> Live:
    live = code_ask(SAM, device, at)
    assert isinstance(live, Live)
    return live


def wrong(live: Live) -> str:
    return f"{(int(live.code) + 1) % 1_000_000:06d}"


@pytest.fixture
def sam(db: None) -> Person:
    return account("Sam", email=SAM)


def test_code_is_the_same_while_it_lives_and_then_another(sam: Person) -> None:
    minutes = [0, 9, 18, 40]
    codes = [asked(NOW + timedelta(minutes=minute)) for minute in minutes]
    assert codes[0].code == codes[1].code == codes[2].code
    assert codes[3].code != codes[0].code
    assert [live.until for live in codes] == [
        NOW + timedelta(minutes=minute + 10) for minute in minutes
    ]


def test_code_lives_for_half_an_hour_at_most_however_often_it_is_asked_for(sam: Person) -> None:
    codes = {asked(NOW + timedelta(minutes=minute)).code for minute in range(21)}
    assert len(codes) == 1
    assert asked(NOW + timedelta(minutes=21)).code not in codes


def test_right_code_works_once(sam: Person) -> None:
    live = asked()
    assert code_try(SAM, "", live.code, NOW, person=sam) is None
    assert code(code_try(SAM, "", live.code, NOW, person=sam)) == "codes.over"


def test_right_code_of_an_address_without_an_account_is_wrong(sam: Person) -> None:
    assert code(code_try(SAM, "", asked().code, NOW, person=None)) == "codes.wrong"


def test_codes_of_ten_days_are_stopped_until_a_manager_allows_them(sam: Person) -> None:
    """Kills: a count that a new code, or a new day, sets to nothing."""
    last: Refuse | None = None
    for day in range(IN_ALL // A_DAY):
        now = NOW + timedelta(days=day)
        for _ in range(A_DAY):
            last = code_try(SAM, "", wrong(asked(now)), now, person=sam)
    later = NOW + timedelta(days=400)
    assert (code(last), code(code_ask(SAM, "", later))) == ("codes.stopped", "codes.stopped")
    codes_allow(OPERATOR, sam)
    assert code_try(SAM, "", asked(later).code, later, person=sam) is None


def test_stopped_account_raises_one_alarm_without_a_name(
    sam: Person, caplog: pytest.LogCaptureFixture
) -> None:
    live = asked()
    for _ in range(A_DAY + 3):
        code_try(SAM, "", wrong(live), NOW, person=sam)
    rows = AuditEvent.objects.filter(verb="account.codes_stopped")
    assert [(row.subject, row.outcome, row.detail) for row in rows] == [
        (sam, "codes.stopped_today", {})
    ]
    (line,) = [record.getMessage() for record in caplog.records]
    assert "codes are stopped for an account" in line
    assert not any(word in line for word in ("Sam", SAM, sam.public_id))
    assert stopped_accounts(Person.objects.all(), NOW) == {sam.pk: Refuse("codes.stopped_today")}


def test_only_a_manager_allows_codes_again(sam: Person) -> None:
    assert code(codes_allow(facilitator(), sam)) == "permission.role"


def test_device_that_signed_in_has_a_count_of_its_own(sam: Person) -> None:
    live = asked()
    for _ in range(A_DAY):
        code_try(SAM, "", wrong(live), NOW, person=sam)
    assert code(code_try(SAM, "", live.code, NOW, person=sam)) == "codes.stopped_today"
    assert code_try(SAM, "d" * 32, live.code, NOW, person=sam) is None


def test_tables_hold_neither_address_nor_code(sam: Person) -> None:
    live = asked()
    code_try(SAM, "", wrong(live), NOW, person=sam)
    text = f"{SignInCode.objects.values()}{WrongCodes.objects.values()}"
    assert not any(secret in text for secret in (SAM, "sam", live.code))


def test_sweep_keeps_the_counts_of_accounts_alone(sam: Person) -> None:
    for address in (SAM, "nobody@mail.example"):
        assert isinstance(code_ask(address, "", NOW), Live)
        code_try(address, "", "x", NOW, person=None)
    sweep(datetime.now(UTC) + timedelta(days=2))
    assert SignInCode.objects.count() == 0
    assert [row.account for row in WrongCodes.objects.all()] == [digests.of_address(SAM)]


@pytest.mark.django_db(transaction=True)
def test_requests_sent_at_once_compare_no_more_than_are_allowed() -> None:
    """Kills: counting after the comparison, or without a lock: 32 at once compared 32."""
    sam = account("Sam", email=SAM)
    live, outcomes, gate = asked(), list[str](), threading.Barrier(32)

    def guess() -> None:
        gate.wait()
        outcomes.append(code(code_try(SAM, "", wrong(live), NOW, person=sam)))
        connection.close()

    threads = [threading.Thread(target=guess) for _ in range(32)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    compared = A_DAY - 1  # the tenth is compared too, and says that it was the last
    assert (
        sorted(outcomes) == ["codes.stopped_today"] * (32 - compared) + ["codes.wrong"] * compared
    )
    assert WrongCodes.objects.get().total == A_DAY
