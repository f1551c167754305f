"""Two managers and one form: the later save undoes nothing, and nothing typed is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time

import pytest
from allauth.mfa.models import Authenticator

from sessions.audit.services import OPERATOR
from sessions.core.personal import Personal
from sessions.core.versions import STALE
from sessions.models import Enrolment, Track
from sessions.people.selectors import details_of
from sessions.people.services import details_change, person_change, person_deactivate
from sessions.scheduling.selectors import roster
from sessions.scheduling.services import track_move_date
from sessions.scheduling.services_roster import enrol, unenrol
from tests.scheduling.tracks import MONDAY, track
from tests.web.conftest import made
from tests.web.desk import Desk, desk, last_event
from tests.web.pages import Answer, Typed, errors, hidden, main, notes, typed

__all__ = ["desk"]
SAYS = "Somebody else changed this: "


@dataclass
class Form:
    """A form that a manager has open: what it would send."""

    desk: Desk
    where: str
    sent: Typed = field(init=False)

    def __post_init__(self) -> None:
        shown = self.desk.browser.get(self.where)
        self.sent = hidden(shown, self.where) | typed(shown)

    def save(self, **changes: list[str]) -> Answer:
        answer: Answer = self.desk.browser.post(self.where, self.sent | changes, follow=True)
        self.sent = hidden(answer, self.where) | typed(answer)
        return answer


@pytest.fixture
def evening(desk: Desk) -> Track:
    return track(facilitators=(desk.dana,), roster=(desk.sam,), name="Evening")


def names(there: Track) -> list[str]:
    return [one.display_name for one in roster(there.sessions.order_by("starts_at")[0])]


def test_client_that_another_added_stays_on_the_roster(desk: Desk, evening: Track) -> None:
    """The first of two managers opens the form, the other adds Ana, the first saves a name.

    Kills: comparing nothing; putting the typed roster in the place of the one there is.
    """
    form = Form(desk, f"/tracks/{evening.public_id}/change/")
    made(enrol(OPERATOR, evening, desk.client("Ana")))
    answer = form.save(name=["Late"])
    assert (answer.status_code, last_event().outcome) == (422, STALE)
    assert errors(answer)["roster"] == [f"{SAYS}Ana, Sam. That is filled in here now."]
    evening.refresh_from_db()
    assert (evening.name, names(evening)) == ("Evening", ["Ana", "Sam"])
    form.save()
    evening.refresh_from_db()
    assert (evening.name, names(evening)) == ("Late", ["Ana", "Sam"])
    assert Enrolment.objects.filter(ends_on=None).count() == 2


def test_client_that_another_took_off_stays_off(desk: Desk, evening: Track) -> None:
    ana = desk.client("Ana")
    made(enrol(OPERATOR, evening, ana))
    form = Form(desk, f"/tracks/{evening.public_id}/change/")
    made(unenrol(OPERATOR, evening, ana))
    form.save(name=["Late"])
    form.save()
    assert names(evening) == ["Sam"]


def test_field_that_both_changed_shows_both_and_the_person_chooses(
    desk: Desk, evening: Track
) -> None:
    form = Form(desk, f"/tracks/{evening.public_id}/change/")
    other = Form(desk, f"/tracks/{evening.public_id}/change/")
    other.save(name=["Noon"], seats=["9"])
    answer = form.save(name=["Late"])
    assert errors(answer) == {
        "name": [f"{SAYS}Noon. Yours is still here, and saving puts it there."],
        "seats": [f"{SAYS}9. That is filled in here now."],
        "": [errors(answer)[""][0]],
    }
    assert (form.sent["name"], form.sent["seats"]) == (["Late"], ["9"])
    form.save()
    evening.refresh_from_db()
    assert (evening.name, evening.seats) == ("Late", 9)


def test_older_person_form_does_not_put_the_old_address_back(desk: Desk) -> None:
    """Codes would go there."""
    form = Form(desk, f"/people/{desk.sam.public_id}/")
    made(person_change(OPERATOR, desk.sam, "new@mail.example", "Sam", desk.sam.role_set))
    answer = form.save(display_name=["Samir"])
    assert errors(answer)["email"] == [f"{SAYS}new@mail.example. That is filled in here now."]
    form.save()
    desk.sam.refresh_from_db()
    assert (desk.sam.email, desk.sam.display_name) == ("new@mail.example", "Samir")


def test_older_details_form_does_not_erase_an_address(desk: Desk) -> None:
    form = Form(desk, f"/people/{desk.sam.public_id}/details/")
    made(details_change(OPERATOR, desk.sam, Personal(address="12 Elm St")))
    answer = form.save(phone=["+1 518 555 0130"])
    assert errors(answer)["address"] == [f"{SAYS}12 Elm St. That is filled in here now."]
    assert details_of(desk.sam).values == Personal(address="12 Elm St")
    form.save()
    assert details_of(desk.sam).values == Personal(address="12 Elm St", phone="+1 518 555 0130")


@pytest.mark.parametrize(
    "where", ["/tracks/{track}/change/", "/people/{sam}/", "/people/{sam}/details/"]
)
def test_form_without_a_version_changes_nothing(where: str, desk: Desk, evening: Track) -> None:
    """Kills: a form that carries none is taken as made from what is there."""
    form = Form(desk, where.format(track=evening.public_id, sam=desk.sam.public_id))
    form.save(version=[""], **{name: [""] for name in form.sent if name in {"seats", "phone"}})
    assert last_event().outcome in {STALE, "read"}
    evening.refresh_from_db()
    assert evening.seats == 12


def pressed_late(desk: Desk, page: str, where: str, meanwhile: Callable[[], object]) -> Answer:
    """A button of a page that was opened before something happened."""
    fields = hidden(desk.browser.get(page), where)
    meanwhile()
    answer: Answer = desk.browser.post(where, fields, follow=True)
    return answer


def test_session_that_was_moved_is_not_cancelled_by_an_older_page(
    desk: Desk, evening: Track
) -> None:
    session = evening.sessions.order_by("starts_at")[0]
    answer = pressed_late(
        desk,
        f"/tracks/{evening.public_id}/",
        f"/sessions/{session.public_id}/cancel/",
        lambda: made(track_move_date(OPERATOR, evening, MONDAY, MONDAY, time(20))),
    )
    assert "Somebody else saved a change" in notes(answer)[0]
    session.refresh_from_db()
    assert session.cancelled_at is None


def test_account_that_another_closed_is_said_to_be(desk: Desk) -> None:
    page = f"/people/{desk.sam.public_id}/"
    answer = pressed_late(
        desk, page, f"{page}account/", lambda: person_deactivate(OPERATOR, desk.sam)
    )
    assert "Somebody else saved a change" in notes(answer)[0]
    assert "Account closed" in main(answer).text


def test_factor_that_was_set_up_since_is_not_taken_out(desk: Desk) -> None:
    """One manager started Dana's sign-in over, Dana set it up, then the other taps."""
    Authenticator.objects.create(user=desk.dana, type="totp", data={"secret": ""})

    def again() -> None:
        Authenticator.objects.all().delete()
        Authenticator.objects.create(user=desk.dana, type="totp", data={"secret": ""})

    page = f"/people/{desk.dana.public_id}/"
    answer = pressed_late(desk, page, f"{page}start-over/", again)
    assert "Somebody else saved a change" in notes(answer)[0]
    assert Authenticator.objects.count() == 1
