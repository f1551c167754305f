"""Linking: what is committed, once each, by one process at a time; verbs wait for nobody."""

import threading

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from server.worker.audit import seal_once
from sessions.audit import sealer as sealing
from sessions.audit.checkpoints import Checkpoints
from sessions.audit.sealer import Sealer
from sessions.audit.services import record
from sessions.audit.verifying import Verified, verify
from sessions.models import AuditEvent, AuditLink, Person
from tests.people.accounts import account

LOCK = "SELECT pg_advisory_xact_lock(hashtext('audit chain'))"


def linked() -> int:
    """How many rows are in the chain, which has to be right."""
    right = verify([])
    assert isinstance(right, Verified), right
    return right.linked


@pytest.fixture
def dana(db: None) -> Person:
    dana = account("Dana")
    Sealer().seal()
    return dana


@pytest.fixture
def committed(transactional_db: None) -> Person:
    dana = account("Dana")
    Sealer().seal()
    return dana


def test_rows_are_linked_once_over_many_rounds_and_processes(dana: Person) -> None:
    one, other, before = Sealer(), Sealer(), linked()
    for number in range(1, 6):
        record(dana, "room.start")
        assert (one if number % 2 else other).seal().made == 1
        assert linked() == before + number
    assert (one.seal().made, other.seal().made) == (0, 0)


def test_more_rows_than_a_page_are_linked_in_one_round(
    dana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "PAGE", 2)
    before = linked()
    for _ in range(5):
        record(dana, "room.start")
    assert Sealer().seal().made == 5
    assert linked() == before + 5


def in_thread(work: threading.Thread) -> threading.Thread:
    work.start()
    return work


def test_row_that_is_committed_after_a_later_one_is_linked_all_the_same(committed: Person) -> None:
    """Its id is smaller than those that are linked. Kills: going on after the greatest id."""
    written, go = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            record(committed, "room.slow")
            written.set()
            assert go.wait(20)
        connection.close()

    before, sealer = linked(), Sealer()
    thread = in_thread(threading.Thread(target=slow))
    assert written.wait(20)
    quick = record(committed, "room.quick")
    assert sealer.seal().made == 1
    go.set()
    thread.join(20)
    assert sealer.seal().made == 1
    late = AuditLink.objects.latest("number").event
    assert (late.verb, late.pk < quick.pk) == ("room.slow", True)
    assert linked() == before + 2


def test_sealer_is_idle_while_another_links_and_a_verb_does_not_wait(committed: Person) -> None:
    """Kills: taking the chain's lock in `record`: this test would never end."""
    held, go = threading.Event(), threading.Event()

    def other() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LOCK)
            held.set()
            assert go.wait(20)
        connection.close()

    thread = in_thread(threading.Thread(target=other))
    assert held.wait(20)
    record(committed, "room.start")
    sealer = Sealer()
    assert sealer.seal().made == 0
    go.set()
    thread.join(20)
    assert sealer.seal().made == 1


def test_rows_of_a_transaction_that_failed_leave_no_gap(dana: Person) -> None:
    before = linked()
    with transaction.atomic():
        record(dana, "room.start")
        transaction.set_rollback(True)
    record(dana, "room.end")
    assert Sealer().seal().made == 1
    assert linked() == before + 1


def test_rows_that_settled_are_not_looked_at_each_time_and_all_are_once_an_hour(
    dana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: reading every row again each second."""
    now: list[float] = [0.0]
    looked: list[int] = []
    unlinked = sealing._unlinked

    def look(after: int) -> QuerySet[AuditEvent]:
        looked.append(after)
        return unlinked(after)

    monkeypatch.setattr(sealing, "_unlinked", look)
    sealer = Sealer(clock=lambda: now[0])
    row = record(dana, "room.start")
    for at in (0, 1, sealing.SETTLED_S + 1, sealing.SETTLED_S + 2, sealing.WHOLE_S):
        now[0] = at
        sealer.seal()
    assert looked == [0, 0, row.pk, row.pk, 0]


def test_fault_in_a_round_leaves_the_worker_and_the_rows_alone(
    dana: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(self: Checkpoints, sealed: object, *, now: bool) -> None:
        raise OSError("no space left")

    before = linked()
    record(dana, "room.start")
    monkeypatch.setattr("server.worker.audit.close_old_connections", lambda: None)
    with monkeypatch.context() as broken:
        broken.setattr(Checkpoints, "after", full)
        seal_once(Sealer(), Checkpoints())
    assert [one.getMessage() for one in caplog.records] == ["audit rows could not be linked"]
    assert linked() == before + 1
