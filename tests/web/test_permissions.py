"""Every address of the pages, held against the permission table for every principal."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern

from sessions.core.permissions import RECORD_READS, Principal, Verb, allowed
from sessions.models import AuditEvent, Person
from sessions.people.selectors import principal_of
from sessions.scheduling.selectors import principal
from sessions.web.urls import urlpatterns
from tests.web.conftest import Programme, signed_in

STANDINGS = (
    "signed out",
    "on the roster",
    "client elsewhere",
    "leads it",
    "leads elsewhere",
    "manages",
)


def patterns() -> Iterator[URLPattern]:
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        yield pattern


def verb_of(pattern: URLPattern) -> Verb:
    """The verb its view is guarded by; a view without one has no line in the table."""
    return Verb(pattern.callback.__dict__["verb"])


def address(pattern: URLPattern, programme: Programme) -> str:
    route = str(pattern.pattern)
    owner = {
        "people": programme.sam.public_id,
        "tracks": programme.track.public_id,
        "sessions": programme.session.public_id,
        "rooms": programme.session.public_id,
    }
    kind = route.split("/", maxsplit=1)[0]
    route = route.replace("<id:key>", programme.sam.public_id)
    return "/" + route.replace("<id:public_id>", owner.get(kind, ""))


def belongs_to_session(pattern: URLPattern) -> bool:
    return str(pattern.pattern).startswith(("sessions/", "rooms/"))


@pytest.mark.parametrize("name", STANDINGS)
@pytest.mark.parametrize("pattern", list(patterns()), ids=lambda pattern: pattern.name)
def test_page_is_open_to_whom_the_table_says(
    pattern: URLPattern, name: str, programme: Programme
) -> None:
    somebody = programme.principals()[name]
    verb = verb_of(pattern)
    browser = signed_in(somebody)
    where = address(pattern, programme)
    answer = browser.get(where)
    if answer.status_code == 405:
        answer = browser.post(where)
    if somebody is None:
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/sign-in/")
        return
    refusal = allowed(verb, principal_for(pattern, somebody, programme))
    assert (answer.status_code == 403) == (refusal is not None)
    if refusal is not None:
        last = AuditEvent.objects.order_by("pk").last()
        assert last is not None
        assert (last.actor, last.verb, last.outcome) == (somebody, verb.value, refusal.code)


def principal_for(pattern: URLPattern, somebody: Person, programme: Programme) -> Principal:
    if belongs_to_session(pattern):
        return principal(somebody, programme.session)
    return principal_of(somebody)


@pytest.mark.parametrize("pattern", list(patterns()), ids=lambda pattern: pattern.name)
def test_page_is_never_stored_nor_titled_with_a_name(
    pattern: URLPattern, programme: Programme
) -> None:
    for somebody in programme.principals().values():
        answer = signed_in(somebody).get(address(pattern, programme))
        if answer.status_code == 200:
            assert "no-store" in answer.headers["Cache-Control"]
            is_page = answer.headers["Content-Type"].startswith("text/html")  # else it is data
            assert (b"<title>Thirds</title>" in answer.content) == is_page


@pytest.mark.parametrize("where", ["/rooms/nothing/", "/sessions/nothing/attendance/"])
def test_unknown_session_is_a_sentence_and_an_audit_row(where: str, programme: Programme) -> None:
    answer = signed_in(programme.sam).get(where)
    assert answer.status_code == 404
    assert "There is no group at this address." in answer.content.decode()
    assert AuditEvent.objects.order_by("pk").last().outcome == "room.unknown"  # type: ignore[union-attr]


@pytest.mark.parametrize("pattern", list(patterns()), ids=lambda pattern: pattern.name)
def test_page_with_a_clients_name_is_a_reading_and_each_reading_leaves_a_row(
    pattern: URLPattern, programme: Programme
) -> None:
    """Deny by default: a page that shows a client to somebody else has to be in RECORD_READS, and
    what is in there writes one row for each look, with the person or the session it was about.

    Killed by: a view that shows a roster and records nothing; taking a verb out of RECORD_READS.
    """
    verb, where = verb_of(pattern), address(pattern, programme)
    named = "Quintessa"  # in no other word of a page
    Person.objects.filter(pk=programme.sam.pk).update(display_name=named, email="q@mail.example")
    programme.track.enrolments.update(display_name=named)
    for somebody in (programme.dana, programme.luis, programme.morgan, programme.maya):
        browser = signed_in(somebody)
        browser.get("/")  # the first page of a browser also writes its sign-in
        before = AuditEvent.objects.count()
        answer = browser.get(where)
        if answer.status_code != 200:
            continue
        if named in answer.content.decode():
            assert verb in RECORD_READS
        if verb in RECORD_READS:
            (row,) = AuditEvent.objects.order_by("pk")[before:]
            assert (row.actor, row.verb) == (somebody, verb.value)
            assert row.outcome in {"done", "read"}
            assert row.session == (programme.session if belongs_to_session(pattern) else None)


def test_every_reading_is_of_a_page() -> None:
    """A verb of RECORD_READS that no page asks would be a promise nobody keeps."""
    assert {verb_of(pattern) for pattern in patterns()} >= RECORD_READS


@pytest.mark.parametrize("name", ["signed out", "manages"])
@pytest.mark.parametrize("pattern", list(patterns()), ids=lambda pattern: pattern.name)
def test_id_that_can_be_none_is_no_address(
    pattern: URLPattern, name: str, programme: Programme
) -> None:
    """Kills: a NUL that reaches PostgreSQL, which answers with a fault."""
    if "<id:" not in (route := str(pattern.pattern)):
        return
    browser = signed_in(programme.principals()[name])
    for typed in ("%00", "a%00b", "a b", "%F0%9F%98%80", "a" * 65):
        where = "/" + route.replace("<id:key>", typed).replace("<id:public_id>", typed)
        assert (browser.get(where).status_code, browser.post(where).status_code) == (404, 404)
