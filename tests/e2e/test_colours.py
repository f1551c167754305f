"""The browser tests' own eyes and ears, in a real Chromium: two peer connections in one page
carry the page's colour and tone into tiles, and what is read back is what was sent."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.e2e import colours

pytestmark = pytest.mark.browser

ADDRESS = "http://127.0.0.1:1/"  # fulfilled by the test: nothing listens there
TILES = """<!doctype html><title>tiles</title>
<li data-name="Ada"><video autoplay playsinline muted></video><audio autoplay></audio></li>
<li data-name="Bo"><video autoplay playsinline muted></video><audio autoplay></audio></li>"""

LOOP = """async () => {
    const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: true});
    const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
    near.onicecandidate = ({candidate}) => far.addIceCandidate(candidate);
    far.onicecandidate = ({candidate}) => near.addIceCandidate(candidate);
    far.ontrack = ({track}) => {
        document.querySelector(`[data-name="Ada"] ${track.kind}`).srcObject =
            new MediaStream([track]);
    };
    for (const track of stream.getTracks()) near.addTrack(track, stream);
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription);
    window.sent = stream;
}"""


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = colours.launch(playwright)
    yield browser
    browser.close()


def page_of(browser: Browser, look: colours.Look) -> Page:
    context = browser.new_context()
    colours.wear(context, look)
    page = context.new_page()
    page.route(ADDRESS, lambda route: route.fulfill(body=TILES, content_type="text/html"))
    page.goto(ADDRESS)
    return page


@pytest.mark.parametrize("look", [colours.RED, colours.LIME, colours.BLUE, colours.YELLOW])
def test_tile_reads_back_what_was_sent(chromium: Browser, look: colours.Look) -> None:
    page = page_of(chromium, look)
    page.evaluate(LOOP)
    colours.wait_for_colour(page, "Ada", look.colour)
    colours.wait_for_tone(page, "Ada", look.hertz)
    assert colours.tile_colour(page, "Bo") is None
    assert colours.tile_tone(page, "Bo") is None
    assert colours.packets_received(page) > 0
    page.context.close()


def test_tile_hidden_shows_no_colour(chromium: Browser) -> None:
    page = page_of(chromium, colours.RED)
    page.evaluate(LOOP)
    colours.wait_for_colour(page, "Ada", "red")
    page.add_style_tag(content="video { visibility: hidden }")
    assert colours.tile_colour(page, "Ada") is None
    page.context.close()


def test_microphone_off_is_silence(chromium: Browser) -> None:
    page = page_of(chromium, colours.RED)
    page.evaluate(LOOP)
    colours.wait_for_tone(page, "Ada", 440)
    page.evaluate("() => { window.sent.getAudioTracks()[0].enabled = false; }")
    colours.wait_for_tone(page, "Ada", None)
    page.context.close()


def test_remote_port_is_the_other_ends(chromium: Browser) -> None:
    page = page_of(chromium, colours.RED)
    assert colours.remote_port(page) is None
    page.evaluate(LOOP)
    colours.wait_for_colour(page, "Ada", "red")
    read = colours.remote_port(page)
    offered = page.evaluate(
        "() => window.__peers.map(peer => peer.localDescription.sdp).join()"
        ".match(/ (\\d+) typ host/g).map(text => parseInt(text))"
    )
    assert read in offered
    page.context.close()


def test_device_refused_as_the_look_says(chromium: Browser) -> None:
    page = page_of(chromium, colours.Look("red", 440, {"video": "NotAllowedError"}))
    asked = """async (wanted) => {
        try {
            const stream = await navigator.mediaDevices.getUserMedia(wanted);
            return stream.getTracks().map((track) => track.kind);
        } catch (error) { return error.name; }
    }"""
    assert page.evaluate(asked, {"audio": True, "video": True}) == "NotAllowedError"
    assert page.evaluate(asked, {"audio": True}) == ["audio"]
    page.context.close()
