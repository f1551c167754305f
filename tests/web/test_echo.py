"""The echo's addresses: what the page may ask, and what it is told, with a probe that answers as
the real one does (`tests/probe` has that one)."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from server.media.client import (
    ECHO_REQUESTS_KEY,
    PROBE_LEASE_KEY,
    EchoAnswer,
    EchoReport,
    EchoRequest,
    echo_answer_json,
    echo_answer_key,
    echo_report_json,
    echo_report_key,
    newest_echo_key,
    read_echo_request,
)
from sessions.nodes.relay import Relay
from sessions.rooms.process import Process
from tests.people.accounts import account
from tests.valkey import connection
from tests.web.conftest import signed_in

pytestmark = pytest.mark.django_db
OFFER = {"sdp": "v=0 the browser's"}


class AnsweringProbe:
    """Says that it lives, answers every request, and keeps what it was asked."""

    def __init__(self, answered: EchoAnswer) -> None:
        self.asked: list[EchoRequest] = []
        self._answered = answered
        self._stopping = False
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "AnsweringProbe":
        connection().set(PROBE_LEASE_KEY, 0)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._thread.join()
        connection().delete(PROBE_LEASE_KEY)

    def _serve(self) -> None:
        while not self._stopping:
            found: Any = connection().blpop([ECHO_REQUESTS_KEY], timeout=0.1)
            asked = read_echo_request(found[1].encode()) if found else None
            if asked is not None:
                self.asked.append(asked)
                connection().rpush(echo_answer_key(asked.echo), echo_answer_json(self._answered))


@pytest.fixture
def browser() -> Client:
    return signed_in(account("Sam"))


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    cache.clear()
    connection().delete(ECHO_REQUESTS_KEY, PROBE_LEASE_KEY)
    yield
    cache.clear()


def test_offer_is_answered_by_the_node(browser: Client) -> None:
    with AnsweringProbe(EchoAnswer(sdp="v=0 the node's")) as probe:
        answer = browser.post("/echo/", OFFER)
    assert answer.json() == {"sdp": "v=0 the node's", "seconds": 60}
    assert [one.sdp for one in probe.asked] == [OFFER["sdp"]]


def test_what_the_probe_is_told_names_nobody(browser: Client) -> None:
    """Kills: a name or an address in a key of Redis."""
    with AnsweringProbe(EchoAnswer(sdp="v=0")) as probe:
        browser.post("/echo/", OFFER)
    assert "Sam" not in str(probe.asked)
    assert "@" not in str(probe.asked)


@pytest.mark.parametrize("code", ["echo.busy", "echo.down", "echo.offer"])
def test_refusal_of_the_probe_is_shown_as_a_sentence(browser: Client, code: Any) -> None:
    with AnsweringProbe(EchoAnswer(code=code)):
        answer = browser.post("/echo/", OFFER)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert answer.json()["text"].endswith("You can join all the same.")


def test_without_a_probe_nobody_waits(browser: Client) -> None:
    """Kills: a page that hangs for four seconds in an installation without one."""
    answer = browser.post("/echo/", OFFER)
    assert (answer.status_code, answer.json()["code"]) == (409, "echo.down")
    assert connection().llen(ECHO_REQUESTS_KEY) == 0


@pytest.mark.parametrize("sdp", ["", "x" * (48 * 1024 + 1)])
def test_offer_that_cannot_be_one_goes_nowhere(browser: Client, sdp: str) -> None:
    with AnsweringProbe(EchoAnswer(sdp="v=0")) as probe:
        answer = browser.post("/echo/", {"sdp": sdp})
    assert (answer.json()["code"], probe.asked) == ("echo.offer", [])


def test_many_tries_of_one_person_are_refused_and_another_is_not(browser: Client) -> None:
    with AnsweringProbe(EchoAnswer(sdp="v=0")):
        codes = [browser.post("/echo/", OFFER).status_code for _ in range(13)]
        other = signed_in(account("Maya")).post("/echo/", OFFER)
    assert codes == [200] * 12 + [409]
    assert other.status_code == 200


def test_report_is_ones_own_alone(browser: Client) -> None:
    """Kills: a report by an id that another could learn."""
    with AnsweringProbe(EchoAnswer(sdp="v=0")) as probe:
        browser.post("/echo/", OFFER)
    assert browser.get("/echo/report/").json() == {"report": None}
    told = EchoReport(received=50, lost=1, jitter_ms=4.5, round_trip_ms=None, heard=True)
    connection().set(echo_report_key(probe.asked[0].echo), echo_report_json(told))
    assert browser.get("/echo/report/").json() == {
        "report": {
            "received": 50,
            "lost": 1,
            "jitter_ms": 4.5,
            "round_trip_ms": None,
            "heard": True,
        }
    }
    assert signed_in(account("Maya")).get("/echo/report/").json() == {"report": None}


def test_second_echo_takes_the_place_of_the_first(browser: Client) -> None:
    """The probe ends any that is not the newest. Kills: two echoes of one person."""
    with AnsweringProbe(EchoAnswer(sdp="v=0")) as probe:
        browser.post("/echo/", OFFER)
        browser.post("/echo/", OFFER)
    first, second = probe.asked
    assert first.echo != second.echo
    assert connection().get(newest_echo_key(second.person)) == second.echo


def test_ended_echo_is_nobodys(browser: Client) -> None:
    with AnsweringProbe(EchoAnswer(sdp="v=0")) as probe:
        browser.post("/echo/", OFFER)
    assert browser.post("/echo/end/").status_code == 200
    assert connection().get(newest_echo_key(probe.asked[0].person)) is None


def test_access_to_the_relay_is_short_and_nameless(browser: Client, process: Process) -> None:
    assert browser.get("/echo/relay/").json() == {"urls": [], "username": "", "credential": ""}
    process.relay = Relay(("turn:turn.example.org:3478", "turns:turn.example.org:443"), "s")
    access = browser.get("/echo/relay/").json()
    assert access["urls"] == ["turn:turn.example.org:3478", "turns:turn.example.org:443"]
    until, _, name = access["username"].partition(":")
    assert until.isdecimal()
    assert name.startswith("echo-")


def test_nothing_is_asked_without_the_pages_token() -> None:
    """Kills: another site that makes a browser send its microphone's offer."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(account("Sam"))
    assert browser.post("/echo/", OFFER).status_code == 403


@pytest.mark.parametrize("path", ["/echo/", "/echo/end/"])
def test_asking_by_a_link_does_nothing(browser: Client, path: str) -> None:
    assert browser.get(path).status_code == 405
