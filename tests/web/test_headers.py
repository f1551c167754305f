"""What every answer tells a browser to refuse, and what stands in no address, title or log."""

import logging
import re
from pathlib import Path

import pytest
from django.test import Client

from sessions.models import Person
from tests.web.conftest import Programme, signed_in
from tests.web.pages import Answer, Element, read
from tests.web.test_permissions import address, patterns

WEB = Path(__file__).parents[2] / "sessions" / "web"
ELSEWHERE = re.compile(
    r"""(?:(?:src|href|action|poster)=["']?|url\(["']?|@import\s+["'])(?:\w+:)?//"""
)
POLICY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def directives(policy: str) -> dict[str, list[str]]:
    """A Content-Security-Policy by directive."""
    parts = [part.split() for part in policy.split(";")]
    return {part[0]: part[1:] for part in parts}


def answers(programme: Programme) -> dict[str, Answer]:
    """An answer of every kind: each page as who may see it, a refusal, an unknown address and
    the sign-in."""
    found: dict[str, Answer] = {}
    for pattern in patterns():
        where = address(pattern, programme)
        for somebody in (programme.morgan, programme.dana, programme.sam):
            found[f"{where} {somebody.display_name}"] = signed_in(somebody).get(where)
    for where in ("/sign-in/", "/sign-in/code/", "/nothing/"):
        found[where] = Client().get(where)
    return found


def test_every_answer_carries_the_policies(programme: Programme) -> None:
    """Killed by: taking a middleware out; a view that sets a policy of its own."""
    for where, answer in answers(programme).items():
        sent = answer.headers  # type: ignore[attr-defined]
        assert {name: sent.get(name) for name in POLICY} == POLICY, where
        rules = directives(sent["Content-Security-Policy"])
        assert rules["script-src"] == ["'self'"], where
        assert (rules["default-src"], rules["frame-ancestors"]) == (["'none'"], ["'none'"]), where
        allowed = dict(rule.split("=") for rule in sent["Permissions-Policy"].split(", "))
        assert (allowed["camera"], allowed["microphone"]) == ("(self)", "(self)"), where
        assert (allowed["geolocation"], allowed["display-capture"]) == ("()", "()"), where


def test_every_page_is_kept_by_no_browser_and_no_proxy(programme: Programme) -> None:
    for where, answer in answers(programme).items():
        if answer.status_code in {200, 302, 403}:
            kept = answer.headers.get("Cache-Control", "")  # type: ignore[attr-defined]
            assert {"no-store", "private"} <= set(kept.split(", ")), where


@pytest.mark.parametrize(
    "file",
    [*WEB.glob("templates/**/*.html"), *WEB.glob("static/**/*.css"), *WEB.glob("static/**/*.svg")],
    ids=lambda file: file.name,
)
def test_file_asks_nothing_of_another_origin_and_runs_nothing_inline(file: Path) -> None:
    text = file.read_text()
    assert ELSEWHERE.findall(text) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|javascript:", text) == []


CANARY_NAME, CANARY_MAIL, CANARY_TRACK = "Quillonia", "zanzibarist", "Xylotrack"
CANARIES = (CANARY_NAME, CANARY_MAIL, CANARY_TRACK, "Yprogramme")


@pytest.fixture
def canaries(programme: Programme) -> Programme:
    """Everything that must not get about has a name that nothing else has."""
    everybody = (programme.sam, programme.dana, programme.morgan)
    for number, somebody in enumerate(everybody):
        somebody.display_name = f"{CANARY_NAME} {number}"
        somebody.email = f"{CANARY_MAIL}{number}@example.org"
        somebody.save()
    programme.track.program.name = "Yprogramme"
    programme.track.program.save()
    programme.track.name = CANARY_TRACK
    programme.track.save()
    return programme


def addresses(page: Element) -> list[str]:
    names = ("href", "src", "action", "data-home", "data-socket")
    return [one.get(name) for one in page.all() for name in names]


def test_no_name_is_in_an_address_a_title_or_a_log(
    canaries: Programme, caplog: pytest.LogCaptureFixture
) -> None:
    """Killed by: the e-mail address as a person's id in a link; the track's name as the title."""
    caplog.set_level(logging.DEBUG)
    seen = set()
    for where, answer in answers(canaries).items():
        text = answer.content.decode()
        seen |= {canary for canary in CANARIES if canary in text}
        public = [where.partition(" ")[0], answer.headers.get("Location", "")]  # type: ignore[attr-defined]
        if text.startswith("<!doctype html>") and "data-socket" not in text:
            page = read(answer)
            public += [*addresses(page), *[one.text for one in page.all("title")]]
        assert [one for one in public if any(canary in one for canary in CANARIES)] == [], where
    assert {CANARY_NAME, CANARY_MAIL, CANARY_TRACK} <= seen  # the pages did show them
    assert [one for one in caplog.messages if any(canary in one for canary in CANARIES)] == []


def test_no_name_is_logged_when_a_form_is_refused(
    canaries: Programme, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even by the logger that the settings silence below a fault: whoever turns it up to
    look for one finds the address alone. Killed by: a form that logs what it refused."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="django.request")
    sent = {"display_name": CANARY_NAME, "email": f"{CANARY_MAIL}@", "roles": ["client"]}
    answer = signed_in(canaries.morgan).post("/people/add/", sent)
    assert answer.status_code == 422
    assert [one for one in caplog.messages if any(canary in one for canary in CANARIES)] == []
    assert [one.getMessage() for one in caplog.records if one.name == "django.request"] == [
        "Unprocessable Entity: /people/add/"
    ]


def test_client_is_sent_nothing_of_others_but_the_names_of_who_leads(canaries: Programme) -> None:
    browser = signed_in(canaries.sam)
    pages = [
        browser.get(at).content.decode() for at in ("/", f"/rooms/{canaries.session.public_id}/")
    ]
    told = "".join(pages)
    dana: Person = canaries.dana
    assert dana.display_name in told
    hidden = (dana.email, canaries.morgan.display_name, canaries.sam.email, *CANARIES[1:])
    assert [one for one in hidden if one in told] == []
