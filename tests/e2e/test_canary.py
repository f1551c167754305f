"""Names, addresses, phone numbers and notes go through every form and a live room of a real
installation, and are found nowhere but on the pages and, in the open, in the tables they belong to.

Killed by: `logging.warning("added %s", email)` in people.services.person_add; the plain formatter
in LOGGING (the trace of the broken constraint holds the row); a display name in a payload of
rooms.broadcast; a name in a page's title; an e-mail address in an audit row's detail; storing a
personal detail as it was typed; a name in the code's mail.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Playwright, expect

from tests.canary.aviary import Aviary, running_aviary
from tests.canary.birds import Canaries, caught
from tests.e2e.colours import BLUE, LIME, RED, Look
from tests.e2e.people import LAPTOP, PHONE, Visitor

pytestmark = pytest.mark.browser

BIRDS = Canaries()
CODE = re.compile(r"(\d{3}) (\d{3}) is your code")
LEAVING = "SELECT count(*) FROM group_sessions_attendancemark WHERE kind = 'leave'"
BROKEN = "ALTER TABLE group_sessions_{} ADD CONSTRAINT canary CHECK ({} <> '{}') NOT VALID"


class Witness:
    """What the browsers gave away: addresses, titles, and what they keep."""

    def __init__(self, playwright: Playwright, aviary: Aviary) -> None:
        self.playwright, self.aviary = playwright, aviary
        self.visitors: list[Visitor] = []
        self.urls: list[str] = []
        self.titles: set[str] = set()

    def arrive(self, name: str, look: Look, size: dict[str, int]) -> Visitor:
        visitor = Visitor.arrive(self.playwright, self.aviary.stack, name, look, size)
        visitor.context.on("request", lambda request: self.urls.append(request.url))
        visitor.page.on("websocket", lambda socket: self.urls.append(socket.url))
        self.visitors.append(visitor)
        return visitor

    def look(self) -> None:
        """At the titles that stand on the screens now."""
        self.titles |= {visitor.page.title() for visitor in self.visitors}

    def kept(self) -> str:
        """Cookies and local storage of every browser."""
        return "\n".join(str(visitor.context.storage_state()) for visitor in self.visitors)


@pytest.fixture(scope="module")
def aviary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aviary]:
    with running_aviary(tmp_path_factory.mktemp("aviary")) as running:
        yield running


def test_canaries_are_found_nowhere(playwright: Playwright, aviary: Aviary) -> None:
    witness = Witness(playwright, aviary)
    try:
        plant(witness)
        look_everywhere(witness)
    finally:
        for visitor in witness.visitors:
            visitor.leave()


def plant(witness: Witness) -> None:
    morgan = witness.arrive("Morgan", BLUE, LAPTOP)
    morgan.sign_in()
    people_are_added(morgan, witness)
    details_are_kept(morgan, witness)
    track_is_made(morgan, BIRDS.track, witness)
    staff, client = into_the_room(witness)
    group_meets(staff, client, witness)
    minutes_are_corrected(staff, witness)
    details_are_looked_up(staff, witness)
    faults_are_provoked(morgan, client, witness)


def people_are_added(morgan: Visitor, witness: Witness) -> None:
    """By the form; then changed; and one address twice, which PostgreSQL refuses."""
    added = (
        (BIRDS.client, BIRDS.client_mail, "Client"),
        (BIRDS.staff, BIRDS.staff_mail, "Facilitator"),
        (BIRDS.client, BIRDS.client_mail, "Client"),
    )
    for name, mail, role in added:
        morgan.page.goto(f"{morgan.stack.origin}/people/add/")
        morgan.page.get_by_label("Name to show").fill(name)
        morgan.page.get_by_label("E-mail").fill(mail)
        morgan.page.get_by_label(re.compile(f"^{role}")).check()
        witness.look()
        morgan.tap("Add")
    expect(morgan.page.get_by_text("Someone already has this address").first).to_be_visible()
    open_person(morgan, BIRDS.client)
    morgan.page.get_by_label("Name to show").fill(BIRDS.client_named)
    morgan.tap("Save")
    expect(morgan.page.get_by_text(f"{BIRDS.client_named} is changed.")).to_be_visible()
    # a second factor has tests of its own: with this she signs in as demo people do
    witness.aviary.sql(
        "UPDATE group_sessions_person SET is_demo = true WHERE email = %s", BIRDS.staff_mail
    )


def open_person(morgan: Visitor, name: str) -> None:
    morgan.page.goto(f"{morgan.stack.origin}/people/")
    morgan.page.get_by_role("link", name=name, exact=True).click()


def details_are_kept(morgan: Visitor, witness: Witness) -> None:
    """Refused once, so that the refusal's page and audit row see them too."""
    open_person(morgan, BIRDS.client_named)
    morgan.page.get_by_role("link", name="Open the details").click()
    for phone in (f"{BIRDS.phone} home", BIRDS.phone):
        for label, value in (
            ("Address during sessions", BIRDS.address),
            ("Phone to call back", phone),
            ("Emergency contact", BIRDS.contact),
            ("Phone of the contact", BIRDS.contact_phone),
            ("Emergency services there", BIRDS.emergency),
        ):
            morgan.page.get_by_label(label, exact=True).fill(value)
        witness.look()
        morgan.tap("Save")
    expect(morgan.page.get_by_text("are saved.")).to_be_visible()


def track_is_made(morgan: Visitor, name: str, witness: Witness, minutes: int = 5) -> None:
    """One that meets in so many minutes, in a zone that has UTC's clock all year."""
    there = datetime.now(UTC) + timedelta(minutes=minutes)
    page = morgan.page
    page.goto(f"{morgan.stack.origin}/tracks/add/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label(f"{there:%A}").check()
    page.get_by_label("Starts at").fill(f"{there:%H:%M}")
    page.get_by_label("Ends at").fill(f"{there + timedelta(minutes=90):%H:%M}")
    page.get_by_label("Time zone").fill("Africa/Abidjan")
    page.get_by_label("First day").fill(f"{there:%Y-%m-%d}")
    page.get_by_label("Weeks").fill("2")
    page.get_by_label("Agenda").select_option("Thirds")
    page.get_by_role("group", name="Facilitators").get_by_label(BIRDS.staff).check()
    page.get_by_role("group", name="Roster").get_by_label(BIRDS.client_named).check()
    witness.look()
    morgan.tap("Make the track")


def into_the_room(witness: Witness) -> tuple[Visitor, Visitor]:
    """The facilitator by one tap, the client by the code that was mailed, after a stranger's and
    a wrong one."""
    staff = witness.arrive(BIRDS.staff, RED, LAPTOP)
    staff.come_in()
    client = witness.arrive(BIRDS.client_named, LIME, PHONE)
    ask_for_code(client, BIRDS.stranger_mail)
    ask_for_code(client, BIRDS.client_mail)
    code = mailed_code(client, witness.aviary)
    for typed in ("000000" if code != "000000" else "111111", code):
        client.page.get_by_label("Six digits").fill(typed)
        witness.look()
        client.tap("Continue")
    client.page.wait_for_url(f"{client.stack.origin}/**")
    client.page.goto(f"{client.stack.origin}/")
    client.open_room()
    client.join()
    return staff, client


def ask_for_code(client: Visitor, mail: str) -> None:
    client.page.goto(f"{client.stack.origin}/sign-in/")
    client.page.get_by_label("Your e-mail").fill(mail)
    client.tap("Send me a code")
    expect(client.page.get_by_role("heading", name="Type the code")).to_be_visible()


def mailed_code(client: Visitor, aviary: Aviary) -> str:
    for _ in range(400):
        for _, body in reversed(aviary.mails()):
            if found := CODE.search(body):
                return "".join(found.groups())
        client.page.wait_for_timeout(50)
    raise AssertionError("no code was mailed")


def group_meets(staff: Visitor, client: Visitor, witness: Witness) -> None:
    staff.wait_for("room")
    client.wait_for("lobby")
    witness.look()
    staff.page.get_by_role("tab", name=re.compile("^Lobby")).click()
    staff.tap("Admit all")
    client.wait_for("room")
    staff.page.get_by_role("tab", name=re.compile("^People")).click()
    staff.tap("Start")
    client.wait_for_segment("Check-in")
    expect(staff.tile(BIRDS.client_named)).to_be_visible()
    witness.look()
    staff.tap("Next: Topic")
    client.wait_for_segment("Topic")
    staff.page.get_by_role("button", name=re.compile("^End( the group)?…$")).first.click()
    staff.page.get_by_role("button", name="End for everyone").click()
    client.wait_for("ended")
    staff.wait_for("ended")
    witness.look()


def minutes_are_corrected(staff: Visitor, witness: Witness) -> None:
    staff.page.goto(f"{staff.stack.origin}/")
    staff.page.get_by_role("link", name=re.compile("^Attendance")).first.click()
    staff.page.get_by_role("link", name=re.compile(f"^{BIRDS.client_named}, Check-in")).click()
    staff.page.get_by_label("Minutes", exact=True).fill("0")
    staff.page.get_by_label("Reason", exact=True).fill(BIRDS.reason)
    witness.look()
    staff.tap("Save the correction")
    expect(staff.page.get_by_text(BIRDS.reason)).to_be_visible()


def details_are_looked_up(staff: Visitor, witness: Witness) -> None:
    """Behind one tap, on the roster of the room that just was."""
    staff.page.goto(staff.page.url.partition("attendance")[0] + "roster/")
    witness.look()
    staff.page.get_by_role("link", name=f"How to reach {BIRDS.client_named}").click()
    expect(staff.page.get_by_text(BIRDS.address)).to_be_visible()
    witness.look()


def faults_are_provoked(morgan: Visitor, client: Visitor, witness: Witness) -> None:
    """Faults of ours over HTTP, with the row in PostgreSQL's words; and an address that is a
    mail address."""
    witness.aviary.sql(BROKEN.format("track", "name", BIRDS.broken_track))
    track_is_made(morgan, BIRDS.broken_track, witness, minutes=300)
    expect(morgan.page.get_by_role("heading", name="That did not work")).to_be_visible()
    witness.look()
    for where in (f"/people/{BIRDS.client_mail}/", f"/nowhere/?q={BIRDS.client_mail}"):
        answer = morgan.context.request.get(f"{morgan.stack.origin}{where}")
        assert answer.status == 404
    client.page.goto(f"{client.stack.origin}/people/")
    expect(client.page.get_by_role("heading", name="Not on your list")).to_be_visible()


def look_everywhere(witness: Witness) -> None:
    aviary = witness.aviary
    wait_for_leaves(witness)
    logs = aviary.logs()
    assert b"psycopg.errors.CheckViolation (23514, group_sessions_track, canary)" in logs["web"]
    places = {
        **{f"log of {name}": text for name, text in logs.items()},
        "Valkey": aviary.valkey(),
        "addresses": "\n".join(witness.urls).encode(),
        "titles": "\n".join(witness.titles).encode(),
        "what browsers keep": witness.kept().encode(),
        "mails": "\n".join(f"{subject}\n{body}" for subject, body in aviary.mails()).encode(),
        "audit rows": aviary.table("group_sessions_auditevent"),
        "jobs": aviary.table("procrastinate_jobs"),
    }
    words = BIRDS.words()
    assert {name: lines for name, text in places.items() if (lines := telling(words, text))} == {}
    dump = aviary.dump()
    assert caught(BIRDS.sealed(), dump) == set()
    assert caught(words, dump) >= {BIRDS.client_mail, BIRDS.reason}  # the net holds
    silent = {name for name, text in places.items() if not text}
    assert silent <= {"log of worker", "log of media", "log of valkey.log", "jobs"}


def telling(words: list[str], text: bytes) -> list[bytes]:
    """The lines in which a canary was caught."""
    if not caught(words, text):
        return []
    return [line[:300] for line in text.splitlines() if caught(words, line)] or [b"across lines"]


def wait_for_leaves(witness: Witness) -> None:
    """Both have gone and the worker has written it: nothing is on its way any more."""
    for _ in range(400):
        if witness.aviary.sql(LEAVING) >= [(2,)]:
            return
        witness.visitors[0].page.wait_for_timeout(50)
    raise AssertionError("somebody's leave was never written")
