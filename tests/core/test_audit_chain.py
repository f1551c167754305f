"""The chain: whatever is done to rows and links afterwards is found, at its place."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.core.audit_chain import (
    Chain,
    Checkpoint,
    Finding,
    Linked,
    Row,
    Wrong,
    checkpoint_line,
    is_signed,
    read_checkpoint,
    sign,
)
from sessions.core.key_ring import KeyRing

RING = KeyRing("b", {"b": b"b" * 32, "a": b"a" * 32})
OTHERS = KeyRing("b", {"b": b"x" * 32, "a": b"y" * 32})
AT = datetime(2026, 11, 23, 18, 0, 0, 123456, tzinfo=UTC)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ids = st.none() | st.integers(1, 9)
rows = st.builds(
    Row,
    key=st.uuids().map(str),
    at=st.datetimes(AT.replace(year=1970, tzinfo=None), timezones=st.just(UTC)).filter(
        lambda at: at.year < 9999
    ),
    actor=ids,
    verb=words,
    outcome=words,
    subject=ids,
    session=ids,
    detail=st.dictionaries(words, st.none() | st.booleans() | st.integers() | words, max_size=3),
    mac_key=st.sampled_from(["a", "b"]),
)


def chained(said: list[Row], ring: KeyRing = RING) -> list[Linked]:
    """The rows with ids 10, 20, …, signed and linked as the house does it."""
    chain = Chain()
    links = [chain.append(10 * n, row, ring) for n, row in enumerate(said, 1)]
    return [Linked(link, row, sign(row, ring)) for link, row in zip(links, said, strict=True)]


def some(number: int) -> list[Linked]:
    row = Row("k", AT, 1, "room.mute", "done", 2, 3, {"minutes": 3}, "a")
    return chained([replace(row, key=f"k{n}") for n in range(number)])


def read(found: list[Linked], *checkpoints: Checkpoint, ring: KeyRing = RING) -> Finding | Chain:
    chain = Chain()
    if finding := chain.expect(checkpoints):
        return finding
    for one in found:
        if finding := chain.read(one, ring):
            return finding
    return chain.end() or chain


def checkpoint(at: Linked) -> Checkpoint:
    return Checkpoint(AT, at.link.number, at.link.digest)


@given(st.lists(rows, max_size=6))
def test_chain_as_it_was_written_is_right(said: list[Row]) -> None:
    found = chained(said)
    end = read(found, *map(checkpoint, found))
    assert isinstance(end, Chain)
    assert end.number == len(said)


OTHER: dict[str, Any] = {
    "key": "k9",
    "at": AT + timedelta(microseconds=1),
    "actor": None,
    "verb": "room.unmute",
    "outcome": "seat.removed",
    "subject": 1,
    "session": None,
    "detail": {"minutes": 4},
    "mac_key": "b",
}


@pytest.mark.parametrize("column", [one.name for one in fields(Row)])
@pytest.mark.parametrize("place", [0, 1, 4])
def test_row_with_one_column_changed_is_named(column: str, place: int) -> None:
    """Kills: any column left out of the canonical form."""
    found = some(5)
    row = found[place].row
    assert row is not None
    found[place] = replace(found[place], row=replace(row, **{column: OTHER[column]}))
    assert read(found) == Finding(Wrong.CHANGED, place + 1, 10 * (place + 1))


@given(st.data(), st.lists(rows, min_size=2, max_size=6, unique_by=lambda row: row.key))
def test_any_edit_of_the_chain_is_found_at_or_before_its_place(
    data: st.DataObject, said: list[Row]
) -> None:
    """Whatever an attacker without the key makes of the list, short of its beginning: a part
    left out, put elsewhere, said twice. Kills: leaving the number or the digest before out."""
    found = chained(said)
    places = st.lists(st.integers(0, len(found) - 1), min_size=1, max_size=7)
    order = data.draw(places.filter(lambda some: some != list(range(len(some)))))
    first = next(n for n, place in enumerate(order) if place != n)
    finding = read([found[place] for place in order])
    assert isinstance(finding, Finding)
    assert finding.number == first + 1


def test_renumbered_links_do_not_hide_a_row_that_was_taken_out() -> None:
    """Kills: links that do not depend on the one before."""
    found = some(4)
    del found[1]
    found = [replace(one, link=replace(one.link, number=n)) for n, one in enumerate(found, 1)]
    assert read(found) == Finding(Wrong.OUT_OF_PLACE, 2, 30)


def test_swapped_rows_are_found() -> None:
    found = some(3)
    a, b = found[0], found[1]
    found[:2] = [replace(a, row=b.row, mac=b.mac), replace(b, row=a.row, mac=a.mac)]
    assert read(found) == Finding(Wrong.OUT_OF_PLACE, 1, 10)


def test_row_under_another_id_is_found() -> None:
    """Kills: leaving the row's id out of the link."""
    found = some(2)
    found[1] = replace(found[1], link=replace(found[1].link, event=21))
    assert read(found) == Finding(Wrong.OUT_OF_PLACE, 2, 21)


def test_row_that_is_gone_is_named() -> None:
    found = some(3)
    found[2] = replace(found[2], row=None, mac=b"")
    assert read(found) == Finding(Wrong.ROW_GONE, 3, 30)


def test_row_signed_with_another_ring_is_found() -> None:
    row = Row("k", AT, None, "room.end", "done", None, None, {}, "a")
    assert not is_signed(row, sign(row, OTHERS), RING)
    assert read(chained([row], OTHERS)) == Finding(Wrong.CHANGED, 1, 10)


def test_key_that_is_not_on_the_ring_is_named_as_such() -> None:
    short = KeyRing("b", {"b": b"b" * 32})
    assert read(some(2), ring=short) == Finding(Wrong.UNKNOWN_KEY, 1, 10)


@pytest.mark.parametrize("left", [0, 2])
def test_cut_off_end_is_found_against_a_checkpoint_and_only_so(left: int) -> None:
    """The end of a chain fits every shorter chain: only the checkpoint knows."""
    found = some(4)
    assert isinstance(read(found[:left]), Chain)
    assert read(found[:left], checkpoint(found[2])) == Finding(Wrong.CUT_OFF, 3)


def test_chain_that_was_made_anew_with_the_key_is_found_against_a_checkpoint() -> None:
    found = some(3)
    row = found[1].row
    assert row is not None
    rows = [one.row for one in found if one.row]
    anew = chained([rows[0], replace(row, outcome="other"), rows[2]])
    assert read(anew, checkpoint(found[2])) == Finding(Wrong.REPLACED, 3, 30)
    assert read(found, checkpoint(found[1]), checkpoint(anew[1])) == Finding(Wrong.REPLACED, 2)


@given(rows, st.sampled_from([UTC, timezone(timedelta(hours=-5))]))
def test_instant_counts_not_its_zone(row: Row, zone: timezone) -> None:
    assert replace(row, at=row.at.astimezone(zone)).canonical() == row.canonical()


def test_checkpoint_comes_back_as_it_was_written() -> None:
    one = checkpoint(some(1)[0])
    line = checkpoint_line(one, RING)
    assert read_checkpoint(line, RING) == one
    assert read_checkpoint(line, OTHERS) is None


@given(st.data())
def test_checkpoint_with_any_value_changed_is_none(data: st.DataObject) -> None:
    """Kills: leaving number, digest or instant out of the signature."""
    line = checkpoint_line(Checkpoint(AT, 1, bytes(32)), RING)
    index = data.draw(st.integers(0, len(line) - 1))
    changed = line[:index] + data.draw(st.sampled_from('09afx"{},: ')) + line[index + 1 :]
    again = read_checkpoint(changed, RING)
    assert again is None or again == read_checkpoint(line, RING)


@given(st.text() | st.sampled_from(["{}", "[]", "1", "null", '{"at": 1}', "[" * 9999]))
def test_any_other_text_is_no_checkpoint(text: str) -> None:
    assert read_checkpoint(text, RING) is None


def test_link_has_no_room_for_another_reading() -> None:
    """Number and id are told apart: kills joining them without a mark between."""
    row = Row("k", AT, None, "room.end", "done", None, None, {}, "b")
    one, other = Chain(number=0), Chain(number=10)
    assert one.append(11, row, RING).digest != other.append(1, row, RING).digest
