"""Whoever may not come in is told what to do, and it is written down; whatever a page sends that
means nothing is answered, and nobody else notices."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from sessions.core.refusal import Refuse, sentence
from tests.e2e.colours import BLUE, LIME, YELLOW
from tests.e2e.conftest import Arrive
from tests.e2e.people import PHONE, Visitor
from tests.e2e.rows import changing
from tests.e2e.stack import Stack

pytestmark = pytest.mark.browser

Row = tuple[str | None, str, str]

# One session of the demo for each thing that a door can be.
OPEN = "t.name = 'Try it' AND s.starts_at > now() ORDER BY s.starts_at"
ELSEWHERE = "t.name = 'Afternoon' ORDER BY s.starts_at DESC"
NOT_YET = "t.name = 'Evening' ORDER BY s.starts_at DESC"
CANCELLED = "t.name = 'Evening' ORDER BY s.starts_at DESC OFFSET 1"
ENDED = "t.name = 'Evening' ORDER BY s.starts_at DESC OFFSET 2"
NOT_HELD = "t.name = 'Evening' ORDER BY s.starts_at DESC OFFSET 3"
LET_PASS = """UPDATE group_sessions_session SET starts_at = now() - interval '5 hours',
    ends_at = now() - interval '1 hour' WHERE public_id = %(session)s RETURNING id"""
LET_END = f"""WITH passed AS ({LET_PASS}) UPDATE group_sessions_room SET state = 'ended',
    started_at = now() - interval '5 hours', ended_at = now() - interval '1 hour'
    FROM passed WHERE session_id = passed.id"""
HAPPENED = {ENDED: LET_END, NOT_HELD: LET_PASS}
FRAMES = """(() => {
    window.__sockets = [];
    window.__frames = [];
    window.WebSocket = class extends WebSocket {
        constructor(...given) {
            super(...given);
            window.__sockets.push(this);
            this.addEventListener('message', ({ data }) => window.__frames.push(JSON.parse(data)));
        }
    };
})()"""
KNOCK = """([session, first]) => new Promise((resolve) => {
    const told = [];
    const address = `${location.origin.replace('http', 'ws')}/ws/rooms/${session}/`;
    const socket = new WebSocket(address);
    socket.onopen = () => socket.send(first);
    socket.onmessage = ({ data }) => told.push(JSON.parse(data));
    socket.onclose = ({ code }) => resolve({ told, code });
})"""
HELLO = json.dumps({"type": "hello", "id": 1})


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


@pytest.fixture
def visit(browser: Browser, stack: Stack) -> Iterator[Callable[[str], Visitor]]:
    """Somebody signed in, in a browser's window of their own, without a camera."""
    contexts = []

    def come(name: str) -> Visitor:
        context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
        contexts.append(context)
        visitor = Visitor(name, stack, browser, context, context.new_page())
        visitor.sign_in()
        return visitor

    yield come
    for context in contexts:
        context.close()


def session_id(stack: Stack, which: str) -> str:
    with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT s.public_id FROM group_sessions_session s "
            f"JOIN group_sessions_track t ON t.id = s.track_id WHERE {which} LIMIT 1"
        ).fetchone()
    assert row is not None
    return str(row[0])


def last_row(stack: Stack) -> Row:
    """Who was refused what, with which code: the newest audit row."""
    with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT p.display_name, a.verb, a.outcome FROM group_sessions_auditevent a "
            "LEFT JOIN group_sessions_person p ON p.id = a.actor_id ORDER BY a.id DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    return row


def expect_refused(page: Page, code: str) -> None:
    """A sentence that says what to do, a way to one's own page, and a title that says nothing."""
    expect(page.get_by_text(sentence(Refuse(code)))).to_be_visible()
    expect(page.get_by_role("link", name="Go to your page")).to_have_attribute("href", "/")
    assert page.title() == "Thirds"


# ---- at the address ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "which", "code"),
    [
        ("Sam", ELSEWHERE, "seat.not_on_roster"),
        ("Luis", ELSEWHERE, "seat.not_on_roster"),
        ("Morgan", OPEN, "seat.not_on_roster"),
        ("Sam", NOT_YET, "room.not_open"),
        ("Sam", NOT_HELD, "room.not_held"),
        ("Sam", CANCELLED, "room.cancelled"),
        ("Sam", ENDED, "room.ended"),
    ],
    ids=["roster", "facilitator", "manager", "not-open", "not-held", "cancelled", "ended"],
)
def test_room_says_why_not_and_writes_it_down(
    visit: Callable[[str], Visitor], stack: Stack, name: str, which: str, code: str
) -> None:
    session = session_id(stack, which)
    if which is CANCELLED:
        cancel(visit("Morgan"), session)
    if which in HAPPENED:
        with changing(stack.environment["DATABASE_URL"]) as connection:
            connection.execute(HAPPENED[which], {"session": session})
    visitor = visit(name)
    visitor.page.goto(f"{stack.origin}/rooms/{session}/")
    expect_refused(visitor.page, code)
    assert last_row(stack) == (name, "room.page", code)
    knocked = visitor.page.evaluate(KNOCK, [session, HELLO])
    assert [event["code"] for event in knocked["told"]] == [code]
    assert last_row(stack) == (name, "room.enter", code)


def cancel(morgan: Visitor, session: str) -> None:
    morgan.page.goto(f"{morgan.stack.origin}/tracks/")
    morgan.page.get_by_role("link", name="Evening").click()
    row = morgan.page.locator("tr", has=morgan.page.locator(f"form[action*='{session}']"))
    row.locator("summary").click()
    row.get_by_role("button", name="Cancel this session").click()
    expect(
        morgan.page.locator("tr", has_text=re.compile("cancelled", re.IGNORECASE))
    ).to_have_count(1)


def test_unknown_room_says_where_the_own_ones_are(
    visit: Callable[[str], Visitor], stack: Stack
) -> None:
    sam = visit("Sam")
    answer = sam.page.goto(f"{stack.origin}/rooms/nowhere/")
    assert answer is not None
    assert answer.status == 404
    expect_refused(sam.page, "room.unknown")
    assert last_row(stack) == ("Sam", "room.page", "room.unknown")
    knocked = sam.page.evaluate(KNOCK, ["nowhere", HELLO])
    assert ([event["code"] for event in knocked["told"]], knocked["code"]) == (
        ["room.unknown"],
        4404,
    )


@pytest.mark.parametrize(
    ("address", "verb"), [("people/", "person.list"), ("tracks/", "track.list")]
)
def test_client_at_a_managers_page_is_told_so(
    visit: Callable[[str], Visitor], stack: Stack, address: str, verb: str
) -> None:
    sam = visit("Sam")
    sam.page.goto(f"{stack.origin}/{address}")
    expect_refused(sam.page, "permission.role")
    assert last_row(stack) == ("Sam", verb, "permission.role")


def test_signed_out_person_is_asked_to_sign_in(browser: Browser, stack: Stack) -> None:
    session = session_id(stack, OPEN)
    page = browser.new_context().new_page()
    page.goto(f"{stack.origin}/rooms/{session}/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(
        page.get_by_text("Sign in to go on. Then we open the page you asked for.")
    ).to_be_visible()
    assert last_row(stack) == (None, "room.page", "permission.signed_out")
    knocked = page.evaluate(KNOCK, [session, HELLO])
    assert [event["code"] for event in knocked["told"]] == ["permission.signed_out"]
    assert knocked["code"] == 4401
    page.context.close()


# ---- over the socket -----------------------------------------------------------------------


def join_with_frames(dana: Visitor, client: Visitor) -> None:
    """In the room to listen only; every frame of the page's own socket is kept."""
    client.context.add_init_script(FRAMES)
    client.sign_in()
    client.open_room()
    client.tap("Just listen")
    client.wait_for("lobby")
    dana.admit(client.name)
    client.wait_for("room")


def frames_since(page: Page, count: int) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = page.evaluate("count => window.__frames.slice(count)", count)
    return frames


def test_frames_that_mean_nothing_are_answered_and_the_socket_lives(
    dana: Visitor, arrive: Arrive, stack: Stack
) -> None:
    sam, joe = arrive("Sam", LIME, PHONE), arrive("Joe", BLUE, PHONE)
    for client in (sam, joe):
        join_with_frames(dana, client)
    expect(joe.tile("Sam")).to_be_visible()
    heard = joe.page.evaluate("window.__frames.length")
    for number, (text, code) in enumerate(
        [
            ("{", "message.malformed"),
            ("x" * 70 * 1024, "message.too_large"),
            (json.dumps({"type": "room.record", "id": 900}), "message.unknown"),
            (json.dumps({"type": "me.hand", "id": 901, "raised": "yes"}), "message.malformed"),
            (json.dumps({"type": "room.end", "id": 902}), "permission.not_staff"),
            (json.dumps({"type": "hello", "id": 903}), "message.malformed"),
        ],
        start=1,
    ):
        sam.page.evaluate("text => window.__sockets.at(-1).send(text)", text)
        sam.page.wait_for_function(
            "count => window.__frames.filter(f => f.type === 'refused').length === count",
            arg=number,
        )
        refused = [frame for frame in frames_since(sam.page, 0) if frame["type"] == "refused"]
        assert (refused[-1]["code"], refused[-1]["text"]) == (code, sentence(Refuse(code)))
    assert last_row(stack) == ("Sam", "room.end", "permission.not_staff")
    assert sam.page.evaluate("window.__sockets.map(socket => socket.readyState)") == [1]
    sam.tap("Raise hand")
    expect(joe.tile("Sam")).to_contain_text("hand is up")
    told = [frame for frame in frames_since(joe.page, heard) if "part" in frame]
    assert [(frame["type"], frame["part"]["part"]) for frame in told] == [("part.changed", "floor")]


def test_frame_before_hello_is_answered_and_takes_no_seat(dana: Visitor, arrive: Arrive) -> None:
    tess = arrive("Tess", LIME, PHONE)
    join_with_frames(dana, tess)
    session = tess.page.url.rstrip("/").rsplit("/", 1)[1]
    early = json.dumps({"type": "me.hand", "id": 1, "raised": True})
    knocked = tess.page.evaluate(KNOCK, [session, early])
    assert [event["code"] for event in knocked["told"]] == ["message.malformed"]
    assert knocked["code"] == 4400
    tess.tap("Raise hand")
    expect(dana.tile("Tess")).to_contain_text("hand is up")


# ---- removed -------------------------------------------------------------------------------


def test_removed_client_stays_out_by_every_way(dana: Visitor, arrive: Arrive, stack: Stack) -> None:
    maya = arrive("Maya", YELLOW, PHONE)
    join_with_frames(dana, maya)
    address, words = maya.page.url, sentence(Refuse("seat.removed"))
    session = address.rstrip("/").rsplit("/", 1)[1]
    dana.tap("More for Maya")
    dana.page.get_by_role("button", name=re.compile("^Remove from")).click()
    dana.page.get_by_role("button", name="Remove Maya").click()
    maya.wait_for("removed")
    knocked = maya.page.evaluate(KNOCK, [session, HELLO])
    assert [(event["code"], event["text"]) for event in knocked["told"]] == [
        ("seat.removed", words)
    ]
    assert knocked["code"] == 4411
    assert last_row(stack) == ("Maya", "room.enter", "seat.removed")
    for page in (maya.page, maya.new_tab().page):
        page.goto(address)
        expect(page.get_by_text(words)).to_be_visible()
        assert last_row(stack) == ("Maya", "room.page", "seat.removed")
    expect(dana.tile("Maya")).to_have_count(0)
    expect(dana.page.get_by_role("tab", name=re.compile("^Lobby"))).not_to_contain_text("1")
