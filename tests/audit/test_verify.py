"""Every way of tampering with stored rows, by somebody with all rights, is found and named."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from sessions.audit.checkpoints import Checkpoints, read
from sessions.audit.checkpoints import write as write_checkpoint
from sessions.audit.rows import audit_keys
from sessions.audit.sealer import Sealer
from sessions.audit.services import record
from sessions.audit.verifying import Verified, verify
from sessions.core.audit_chain import Finding, Wrong
from sessions.models import AuditEvent, AuditLink, Person
from tests.audit.tampering import EVENTS, LINKS, found, run, tamper, write
from tests.people.accounts import account

pytestmark = pytest.mark.django_db

OTHER_VALUES = {
    "key": "'00000000-0000-0000-0000-000000000000'",
    "at": "at + interval '1 microsecond'",
    "actor_id": "NULL",
    "verb": "'room.allow_microphone'",
    "outcome": "'seat.removed'",
    "subject_id": "NULL",
    "session_id": "1",
    "detail": "'{}'",
    "mac": r"'\x00'",
}


@pytest.fixture
def dana() -> Person:
    return account("Dana")


def chain(number: int, dana: Person) -> list[AuditEvent]:
    """Rows in the chain, those of making Dana among them: the last ones are given back."""
    rows = write(dana, number)
    assert found() is None
    return rows


@pytest.mark.parametrize("column", OTHER_VALUES)
def test_edit_of_a_column_is_found(column: str, dana: Person) -> None:
    rows = chain(3, dana)
    tamper(f"UPDATE {EVENTS} SET {column} = {OTHER_VALUES[column]} WHERE id = %s", rows[1].pk)
    assert found() == (Wrong.CHANGED, rows[1].pk)


def test_every_column_of_a_row_is_among_the_edits() -> None:
    """A new column without a case fails here. `mac_key` and `id` have tests of their own."""
    columns = {field.column for field in AuditEvent._meta.concrete_fields}
    assert columns == {*OTHER_VALUES, "id", "mac_key"}


def test_edit_of_the_key_id_is_found(dana: Person) -> None:
    rows = chain(2, dana)
    tamper(f"UPDATE {EVENTS} SET mac_key = 'other' WHERE id = %s", rows[0].pk)
    assert found() == (Wrong.UNKNOWN_KEY, rows[0].pk)


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        (f"DELETE FROM {EVENTS} WHERE id = %s", Wrong.ROW_GONE),
        (f"UPDATE {EVENTS} SET id = 999999 WHERE id = %s", Wrong.ROW_GONE),
        (f"DELETE FROM {LINKS} WHERE event_id = %s", Wrong.LINK_GONE),
        (f"UPDATE {LINKS} SET number = number + 1000 WHERE event_id = %s", Wrong.LINK_GONE),
        (f"UPDATE {LINKS} SET digest = '\\x00' WHERE event_id = %s", Wrong.OUT_OF_PLACE),
        (f"UPDATE {LINKS} SET mac_key = 'x' WHERE event_id = %s", Wrong.UNKNOWN_KEY),
    ],
)
def test_row_or_link_that_is_taken_away_or_moved_is_found(
    statement: str, wrong: Wrong, dana: Person
) -> None:
    rows = chain(3, dana)
    number = AuditLink.objects.get(event=rows[1]).number
    tamper(statement, rows[1].pk)
    finding = verify([])
    assert isinstance(finding, Finding)
    assert (finding.wrong, finding.number) == (wrong, number)
    tamper(f"DELETE FROM {LINKS}")  # what leads nowhere would fail the test's own clean-up


def test_row_taken_out_with_its_link_and_the_rest_renumbered_is_found(dana: Person) -> None:
    rows = chain(3, dana)
    number = AuditLink.objects.get(event=rows[1]).number
    tamper(f"DELETE FROM {LINKS} WHERE number = %s", number)
    tamper(f"DELETE FROM {EVENTS} WHERE id = %s", rows[1].pk)
    tamper(f"UPDATE {LINKS} SET number = number - 1 WHERE number > %s", number)
    assert found() == (Wrong.OUT_OF_PLACE, rows[2].pk)


def test_two_rows_that_changed_places_are_found(dana: Person) -> None:
    rows = chain(3, dana)
    move = f"UPDATE {LINKS} SET event_id = %s WHERE event_id = %s"
    for to, of in ((0, rows[0].pk), (rows[0].pk, rows[1].pk), (rows[1].pk, 0)):
        tamper(move, to, of)
    assert found() == (Wrong.OUT_OF_PLACE, rows[1].pk)


INSERT = (
    f"INSERT INTO {EVENTS} (key, at, verb, outcome, detail, mac_key, mac) "
    f"VALUES (gen_random_uuid(), now(), 'room.end', 'done', '{{}}', %s, '\\x00') RETURNING id"
)


def test_forged_row_is_not_linked_and_is_found(
    dana: Person, caplog: pytest.LogCaptureFixture
) -> None:
    """Kills: a sealer that links whatever is there, and so makes it right."""
    chain(1, dana)
    run(INSERT, audit_keys().current)
    sealer = Sealer()
    assert [sealer.seal().made for _ in range(2)] == [0, 0]
    forged = AuditEvent.objects.latest("pk")
    assert found() == (Wrong.FORGED, forged.pk)
    assert [one.getMessage() for one in caplog.records] == [
        f"audit row {forged.pk} was not written by Thirds: run verify_audit"
    ]


def test_copy_of_a_row_is_found_although_its_signature_is_right(dana: Person) -> None:
    """By somebody who took the unique constraint away first."""
    rows = chain(1, dana)
    (unique,) = unique_constraints(EVENTS)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run(f"ALTER TABLE {EVENTS} DROP CONSTRAINT {unique}")
    columns = "key, at, actor_id, verb, outcome, subject_id, session_id, detail, mac_key, mac"
    run(
        f"INSERT INTO {EVENTS} ({columns}) SELECT {columns} FROM {EVENTS} WHERE id = %s", rows[0].pk
    )
    Sealer().seal()
    assert found() == (Wrong.COPIED, AuditEvent.objects.latest("pk").pk)


def unique_constraints(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u'",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def checkpointed(file: Path) -> Verified | Finding:
    return verify(read(file))


@pytest.fixture
def file(tmp_path: Path, settings: Settings) -> Path:
    where = tmp_path / "checkpoints"
    settings.THIRDS_AUDIT_CHECKPOINTS = str(where)
    return where


def test_cut_off_end_is_found_by_the_checkpoint(dana: Person, file: Path) -> None:
    sealer = Sealer()
    record(dana, "room.start")
    Checkpoints().after(sealer.seal())
    right = checkpointed(file)
    assert isinstance(right, Verified)
    assert right.checkpoints == 1
    last = right.linked
    (event,) = AuditLink.objects.filter(number=last).values_list("event", flat=True)
    tamper(f"DELETE FROM {LINKS} WHERE number = %s", last)
    tamper(f"DELETE FROM {EVENTS} WHERE id = %s", event)
    assert found() is None  # it looks right by itself
    assert checkpointed(file) == Finding(Wrong.CUT_OFF, last)


def test_end_cut_off_after_the_checkpoint_is_noticed_by_the_worker_and_kept(
    dana: Person, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Between two checkpoints the worker's own memory stands in: what it saw last is written."""
    sealer, checkpoints = Sealer(), Checkpoints()
    checkpoints.after(sealer.seal())
    record(dana, "room.start")
    checkpoints.after(sealer.seal())
    end = AuditLink.objects.latest("number")
    assert isinstance(checkpointed(file), Verified)
    tamper(f"DELETE FROM {LINKS} WHERE number = %s", end.number)
    tamper(f"DELETE FROM {EVENTS} WHERE id = %s", end.event_id)
    checkpoints.after(sealer.seal())
    assert checkpointed(file) == Finding(Wrong.CUT_OFF, end.number)
    assert [one.levelname for one in caplog.records] == ["CRITICAL"]


def test_checkpoint_is_written_once_a_minute_while_something_is_added(
    dana: Person, file: Path
) -> None:
    now = [0.0]
    sealer, checkpoints = Sealer(), Checkpoints(clock=lambda: now[0])
    lines = []
    for at in (0, 1, 59, 60, 61, 200):
        now[0] = at
        if at != 200:
            record(dana, "room.start")
        checkpoints.after(sealer.seal())
        lines.append(len(file.read_text().splitlines()))
    checkpoints.after(sealer.seal(), now=True)
    assert (lines, len(file.read_text().splitlines())) == ([1, 1, 1, 2, 2, 3], 3)
    assert isinstance(checkpointed(file), Verified)


def test_file_that_is_gone_or_holds_a_foreign_line_is_found(dana: Person, file: Path) -> None:
    chain(1, dana)
    assert verify(None) == Finding(Wrong.NO_CHECKPOINTS)
    Checkpoints().after(Sealer().seal())
    with file.open("a") as more:
        more.write("{}\n")
    assert checkpointed(file) == Finding(Wrong.CHECKPOINT, 2)


def test_without_a_file_checkpoints_go_to_the_log_and_are_read_from_it(
    dana: Person, tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.THIRDS_AUDIT_CHECKPOINTS = ""
    caplog.set_level("INFO", logger="sessions.audit.checkpoints")
    Checkpoints().after(Sealer().seal())
    (line,) = [one.getMessage() for one in caplog.records]
    copy = tmp_path / "copy"
    copy.write_text(f"INFO sessions.audit.checkpoints {line}\n")
    right = checkpointed(copy)
    assert isinstance(right, Verified)
    assert right.checkpoints == 1


def test_rows_that_wait_are_right_and_are_told(dana: Person) -> None:
    chain(1, dana)
    row = record(dana, "room.start")
    right = verify([])
    assert isinstance(right, Verified)
    assert (right.waiting, right.waiting_since) == (1, row.at)


def ran(*arguments: str) -> tuple[str, int]:
    out = io.StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out, stderr=out)
    except CommandError as wrong:
        return str(wrong), wrong.returncode
    return out.getvalue(), 0


def test_command_says_what_it_read_and_ends_with_0(dana: Person, file: Path) -> None:
    Checkpoints().after(Sealer().seal())
    record(dana, "room.start")
    words, code = ran("--checkpoints", str(file))
    assert code == 0
    assert words.startswith(f"All right: {AuditLink.objects.count()} rows in the chain, 1 check")
    assert "1 rows wait to be linked by the worker, since 2026-" in words


def test_command_names_the_first_row_that_is_wrong_and_ends_with_1(
    dana: Person, file: Path
) -> None:
    rows = chain(3, dana)
    write_checkpoint(Sealer().seal().end)  # type: ignore[arg-type]
    tamper(f"UPDATE {EVENTS} SET verb = 'x' WHERE id IN (%s, %s)", rows[1].pk, rows[2].pk)
    number = AuditLink.objects.get(event=rows[1]).number
    assert ran("--checkpoints", str(file)) == (
        f"Row {rows[1].pk} (link {number}) is not as it was written: it was changed.",
        1,
    )


def test_command_without_checkpoints_says_what_it_cannot_see(dana: Person) -> None:
    chain(1, dana)
    words, code = ran("--checkpoints", "")
    assert (code, words.splitlines()[0]) == (
        0,
        "No checkpoints were given: an end that was cut off is not seen.",
    )


def test_command_takes_a_missing_file_for_wrong(dana: Person, tmp_path: Path) -> None:
    chain(1, dana)
    assert ran("--checkpoints", str(tmp_path / "none"))[1] == 1


def test_older_rows_stay_right_after_a_new_key_and_are_not_without_the_old_one(
    dana: Person, settings: Settings
) -> None:
    new, now = f"new:{'n' * 43}", settings.THIRDS_AUDIT_KEYS
    chain(2, dana)
    settings.THIRDS_AUDIT_KEYS = f"{new},{now}"
    assert {row.mac_key for row in chain(2, dana)} == {"new"}
    settings.THIRDS_AUDIT_KEYS = new
    assert found() == (Wrong.UNKNOWN_KEY, AuditEvent.objects.earliest("pk").pk)
