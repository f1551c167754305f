"""What a browser cannot do, and what is switched off: said in words, and true for the others."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.colours import BLUE, LIME, RED, YELLOW, Look, wait_for_colour, wait_for_tone
from tests.e2e.conftest import Arrive
from tests.e2e.people import PHONE, Visitor, open_devices, sees_and_hears
from tests.e2e.stack import Stack

pytestmark = pytest.mark.browser

NO_WEBRTC = "delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection;"
BLOCKED_CAMERA = "Your browser is blocking the camera."
BLOCKED_MICROPHONE = "Your browser is blocking the microphone."
NO_CAMERA = "We found no camera. You can join without video."
NO_MICROPHONE = "We found no microphone. Plug one in, or just listen."


@pytest.fixture(scope="module")
def stack(shared_stack: Stack) -> Stack:
    return shared_stack


def told(page: Page) -> list[str]:
    """What the check says is missing."""
    note = page.locator(".note.caution")
    expect(note).to_be_visible()
    return note.locator("p").all_inner_texts()


def let_in(dana: Visitor, client: Visitor) -> None:
    client.join()
    client.wait_for("lobby")
    dana.admit(client.name)
    client.wait_for("room")


# ---- devices that do not open --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fault", "words"),
    [("Sam", "NotAllowedError", BLOCKED_CAMERA), ("Maya", "NotFoundError", NO_CAMERA)],
)
def test_without_a_camera_one_is_heard_and_told_so(
    dana: Visitor, arrive: Arrive, name: str, fault: str, words: str
) -> None:
    client = arrive(name, Look("lime", 700, {"video": fault}), PHONE)
    client.sign_in()
    client.open_room()
    assert [line[: len(words)] for line in told(client.page)] == [words]
    let_in(dana, client)
    wait_for_tone(dana.page, name, 700)
    wait_for_colour(dana.page, name, None)
    expect(dana.tile(name).locator(".initial")).to_have_text(name[0])
    sees_and_hears(client, "Dana", RED)


def test_without_a_microphone_one_is_seen_and_told_so(dana: Visitor, arrive: Arrive) -> None:
    joe = arrive("Joe", Look("blue", 1000, {"audio": "NotAllowedError"}), PHONE)
    joe.sign_in()
    joe.open_room()
    assert [line[: len(BLOCKED_MICROPHONE)] for line in told(joe.page)] == [BLOCKED_MICROPHONE]
    let_in(dana, joe)
    wait_for_colour(dana.page, "Joe", "blue")
    wait_for_tone(dana.page, "Joe", None)
    expect(dana.tile("Joe")).not_to_contain_text("microphone on")
    sees_and_hears(joe, "Dana", RED)


def test_without_either_one_sees_and_hears_the_others(dana: Visitor, arrive: Arrive) -> None:
    nothing = Look("blue", 1000, {"audio": "NotFoundError", "video": "NotFoundError"})
    tess = arrive("Tess", nothing, PHONE)
    tess.sign_in()
    tess.open_room()
    assert told(tess.page) == [NO_MICROPHONE, NO_CAMERA]
    let_in(dana, tess)
    sees_and_hears(tess, "Dana", RED)
    expect(dana.tile("Tess").locator(".initial")).to_have_text("T")
    wait_for_tone(dana.page, "Tess", None)
    tess.tap("Unmute")
    expect(tess.page.get_by_text(NO_MICROPHONE)).to_be_visible()
    expect(tess.page.get_by_role("button", name="Unmute", exact=True)).to_be_visible()


def test_browser_without_webrtc_is_told_what_can(arrive: Arrive) -> None:
    imani = arrive("Imani", BLUE, PHONE)
    imani.context.add_init_script(NO_WEBRTC)
    imani.sign_in()
    imani.page.get_by_role("link", name="Join now").click()
    imani.wait_for("unsupported")
    expect(imani.page.get_by_role("heading")).to_have_text("This browser can’t join")
    expect(imani.page.get_by_text("A current Chrome, Edge, Firefox or Safari can.")).to_be_visible()
    expect(imani.page.get_by_role("link", name="Go to my page")).to_have_attribute("href", "/")


# ---- switched off, by oneself and by staff -------------------------------------------------


def test_mute_by_staff_closes_the_microphone_until_they_allow_it(
    dana: Visitor, arrive: Arrive
) -> None:
    ben = arrive("Ben", LIME, PHONE)
    ben.sign_in()
    ben.open_room()
    let_in(dana, ben)
    open_devices([ben])
    wait_for_tone(dana.page, "Ben", LIME.hertz)
    dana.tap("Mute Ben")
    expect(ben.page.get_by_text("turned your microphone off.")).to_be_visible()
    wait_for_tone(dana.page, "Ben", None)
    unmute = ben.page.get_by_role("button", name="Unmute", exact=True)
    expect(unmute).to_have_attribute("aria-disabled", "true")
    ben.page.keyboard.press("m")
    unmute.click(force=True)
    expect(dana.page.locator(".people li", has_text="Ben")).to_contain_text("turned off by staff")
    expect(unmute).to_be_visible()
    wait_for_tone(dana.page, "Ben", None)
    dana.tap("Allow Ben’s microphone")
    expect(ben.page.get_by_text("turned your microphone off.")).to_have_count(0)
    wait_for_tone(dana.page, "Ben", None)
    ben.turn_on("Unmute", "Mute")
    wait_for_tone(dana.page, "Ben", LIME.hertz)


def test_mute_by_staff_outlives_a_reload(dana: Visitor, arrive: Arrive) -> None:
    """Kills: a microphone that is open again because its page was loaded again."""
    cole = arrive("Cole", LIME, PHONE)
    cole.sign_in()
    cole.open_room()
    let_in(dana, cole)
    wait_for_tone(dana.page, "Cole", LIME.hertz)
    dana.tap("Mute Cole")
    wait_for_tone(dana.page, "Cole", None)
    cole.page.reload()
    cole.wait_for("check")
    cole.join()
    cole.wait_for("room")
    expect(cole.page.get_by_text("turned your microphone off.")).to_be_visible()
    unmute = cole.page.get_by_role("button", name="Unmute", exact=True)
    expect(unmute).to_have_attribute("aria-disabled", "true")
    wait_for_colour(dana.page, "Cole", LIME.colour)
    wait_for_tone(dana.page, "Cole", None)


def test_stopped_video_shows_the_initial_and_comes_back(dana: Visitor, arrive: Arrive) -> None:
    rosa = arrive("Rosa", YELLOW, PHONE)
    rosa.sign_in()
    rosa.open_room()
    let_in(dana, rosa)
    open_devices([rosa])
    wait_for_colour(dana.page, "Rosa", "yellow")
    rosa.tap("Stop video")
    expect(dana.tile("Rosa").locator(".initial")).to_have_text("R")
    wait_for_colour(dana.page, "Rosa", None)
    rosa.tap("Start video")
    wait_for_colour(dana.page, "Rosa", "yellow")
    expect(dana.tile("Rosa").locator(".initial")).to_have_count(0)


def test_hands_are_seen_in_the_order_they_went_up(dana: Visitor, arrive: Arrive) -> None:
    theo, nadia = arrive("Theo", LIME, PHONE), arrive("Nadia", BLUE, PHONE)
    for client in (theo, nadia):
        client.sign_in()
        client.open_room()
        let_in(dana, client)
    hands = dana.page.locator(".hands .who")
    nadia.tap("Raise hand")
    expect(hands).to_have_text(["1. Nadia"])
    theo.tap("Raise hand")
    expect(hands).to_have_text(["1. Nadia", "2. Theo"])
    expect(theo.tile("Nadia")).to_contain_text("hand is up, number 1")
    expect(nadia.tile("Theo")).to_contain_text("hand is up, number 2")
    dana.tap("Lower Nadia’s hand")
    expect(hands).to_have_text(["1. Theo"])
    expect(nadia.page.get_by_role("button", name="Raise hand", exact=True)).to_be_visible()
    theo.tap("Lower hand")
    expect(hands).to_have_count(0)
    expect(nadia.page.locator(".tile .badge")).to_have_count(0)
