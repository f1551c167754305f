"""frontend/src/media in a real Chromium, against a node that is played inside the page: one
offer, slots that open on proof, a microphone whose state is the true one, and mending."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.e2e import bundle, colours

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>peer</title>
<li data-name="Ada"><video autoplay playsinline muted></video><audio autoplay></audio></li>
<script type="module">
import { mediaPeer } from './module.js';
const page = { told: [], states: [], needed: [], sending: [], streams: [], node: new PlayedNode() };
page.peer = mediaPeer({
    stream(slot, video, audio) {
        page.streams[slot] = video;
        if (slot !== 0) return;
        document.querySelector('video').srcObject = video;
        document.querySelector('audio').srcObject = audio;
    },
    covered: (slot, covered, key) => page.told.push([slot, covered, key]),
    state: (state) => page.states.push(state),
    needed: (renewal) => page.needed.push(renewal),
    sending: (microphone, camera) => page.sending.push([microphone, camera]),
});
page.negotiate = async (slots, renewal) => {
    const offer = await page.peer.offer(slots, renewal);
    await page.peer.accept(await page.node.answer(offer), offer);
    return offer;
};
page.open = () => navigator.mediaDevices.getUserMedia({ audio: true, video: true });
window.page = page;
</script>"""

NEXT_FRAME = """() => new Promise((tell) => document.querySelector('video')
    .requestVideoFrameCallback((_, frame) => tell(frame.rtpTimestamp)))"""

# within one frame: half a second may have gone by before another call of a test comes
ANNOUNCE_HALF_A_SECOND_AHEAD = """() => new Promise((tell) => document.querySelector('video')
    .requestVideoFrameCallback((_, { rtpTimestamp }) => {
        page.peer.slotShown(0, 'ada', (rtpTimestamp + 45_000) % 2 ** 32);
        tell([rtpTimestamp, page.told.at(-1)]);
    }))"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle.build("frontend/src/media/peer.ts", tmp_path_factory.mktemp("peer"))


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = colours.launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def page(chromium: Browser, built: Path) -> Iterator[Page]:
    context = chromium.new_context()
    colours.wear(context, colours.RED)
    context.add_init_script(path=Path(__file__).with_name("played_node.js"))
    page = context.new_page()
    bundle.serve(page, PAGE, built)
    page.wait_for_function("() => window.page")
    yield page
    context.close()


def until(page: Page, condition: str) -> None:
    page.wait_for_function(condition, timeout=15_000, polling=50)


def lines_of(offer: str) -> list[tuple[str, str]]:
    """(kind, direction) of each m-line."""
    sections = offer.split("\r\nm=")[1:]
    directions = ("sendonly", "recvonly", "sendrecv", "inactive")
    return [
        (section.split(" ")[0], next(d for d in directions if f"\r\na={d}" in section))
        for section in sections
    ]


def connected(page: Page, slots: int = 2) -> str:
    offer: str = page.evaluate("slots => page.negotiate(slots)", slots)
    until(page, "() => page.states.at(-1) === 'connected'")
    return offer


def fill(page: Page, slot: int) -> None:
    page.evaluate("async slot => page.node.fill(slot, await page.open())", slot)


def told(page: Page, slot: int) -> list[tuple[bool, str | None]]:
    said: list[list[Any]] = page.evaluate("() => page.told")
    return [(covered, key) for at, covered, key in said if at == slot]


def test_offer_has_all_lines_in_order_and_fits(page: Page) -> None:
    offer: str = page.evaluate("() => page.peer.offer(19)")
    slot = [("video", "recvonly"), ("audio", "recvonly")]
    assert lines_of(offer) == [("audio", "sendonly"), ("video", "sendonly"), *slot * 19]
    assert len(offer.encode()) < 49152
    codecs = {line.split(" ")[1] for line in offer.split("\r\n") if line.startswith("a=rtpmap:")}
    assert codecs == {"opus/48000/2", "red/48000/2", "VP8/90000", "rtx/90000"}
    assert "a=candidate" not in offer


def test_slot_opens_with_its_owners_announced_frame(page: Page) -> None:
    connected(page)
    page.evaluate("() => stampCsrc(page.streams[0], 7)")
    fill(page, 0)
    colours.wait_for_colour(page, "Ada", "red")
    page.evaluate("() => page.peer.slotOwned(0, 'ada', 7)")
    timestamp, covered = page.evaluate(ANNOUNCE_HALF_A_SECOND_AHEAD)
    assert covered == [0, True, "ada"]
    until(page, "() => page.told.at(-1).join() === '0,false,ada'")
    assert (page.evaluate(NEXT_FRAME) - timestamp) % 2**32 >= 45_000
    page.evaluate("() => stampCsrc(page.streams[0], 8)")
    until(page, "() => page.told.at(-1).join() === '0,true,ada'")
    page.evaluate("() => page.peer.slotOwned(0, null, 0)")
    assert told(page, 0)[-1] == (True, None)


def test_slot_opens_without_its_announcement_after_control_was_lost(page: Page) -> None:
    connected(page)
    page.evaluate("() => { stampCsrc(page.streams[0], 7); page.peer.slotOwned(0, 'ada', 7) }")
    fill(page, 0)
    colours.wait_for_colour(page, "Ada", "red")
    assert told(page, 0)[-1] == (True, "ada")
    page.evaluate("() => page.peer.controlResumed()")
    until(page, "() => page.told.at(-1).join() === '0,false,ada'")


def test_slot_opens_in_a_browser_that_reports_no_frames(page: Page) -> None:
    page.evaluate("() => { delete HTMLVideoElement.prototype.requestVideoFrameCallback }")
    connected(page)
    page.evaluate("() => { stampCsrc(page.streams[0], 7); page.peer.slotOwned(0, 'ada', 7) }")
    page.evaluate("() => page.peer.slotShown(0, 'ada', 0)")
    fill(page, 0)
    until(page, "() => page.told.at(-1).join() === '0,false,ada'")


def test_slot_of_another_stays_covered(page: Page) -> None:
    connected(page)
    page.evaluate("() => { stampCsrc(page.streams[0], 9); page.peer.slotOwned(0, 'ada', 7) }")
    page.evaluate("() => { page.peer.slotShown(0, 'ada', 0); page.peer.controlResumed() }")
    fill(page, 0)
    colours.wait_for_colour(page, "Ada", "red")
    until(
        page,
        "() => document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames > 20",
    )
    assert told(page, 0) == [(True, None), (True, "ada")]


def test_microphone_off_sends_nothing_and_says_so(page: Page) -> None:
    connected(page)
    page.evaluate("async () => { page.mine = await page.open(); }")
    page.evaluate("() => page.peer.setMicrophone(page.mine.getAudioTracks()[0])")
    until(page, "async () => await page.node.packetsFrom('audio') > 10")
    assert page.evaluate("() => page.peer.microphoneIsOpen()") is True
    page.evaluate("() => page.peer.setMicrophone(null)")
    assert page.evaluate("() => page.peer.microphoneIsOpen()") is False
    assert page.evaluate("() => page.mine.getAudioTracks()[0].enabled") is False
    assert page.evaluate("() => page.sending.at(-1)") == [False, False]
    silent = """async () => {
        const before = await page.node.packetsFrom('audio');
        await new Promise((done) => setTimeout(done, 300));
        return before === await page.node.packetsFrom('audio');
    }"""
    until(page, silent)


def test_track_that_the_system_ends_is_not_open(page: Page) -> None:
    connected(page)
    page.evaluate("async () => { page.mine = await page.open(); }")
    page.evaluate("() => page.peer.setCamera(page.mine.getVideoTracks()[0])")
    assert page.evaluate("() => page.sending.at(-1)") == [False, True]
    page.evaluate(
        "() => { const track = page.mine.getVideoTracks()[0];"
        " track.stop(); track.dispatchEvent(new Event('ended')) }"
    )
    assert page.evaluate("() => page.sending.at(-1)") == [False, False]


def test_network_change_restarts_on_the_same_connection(page: Page) -> None:
    first = connected(page)
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    assert page.evaluate("() => page.needed") == ["restart"]
    second: str = page.evaluate("() => page.negotiate(2, 'restart')")
    ufrag = [next(x for x in sdp.split("\r\n") if "ice-ufrag" in x) for sdp in (first, second)]
    assert ufrag[0] != ufrag[1]
    assert page.evaluate("() => page.states") == ["connecting", "connected"]
    fill(page, 0)
    colours.wait_for_colour(page, "Ada", "red")


def test_fresh_connection_takes_over_when_it_is_connected(page: Page) -> None:
    connected(page)
    page.evaluate("() => { page.before = page.streams[0]; page.old = window.__peers[0] }")
    page.evaluate("async () => page.peer.setMicrophone((await page.open()).getAudioTracks()[0])")
    offer: str = page.evaluate("() => page.peer.offer(3)")
    assert page.evaluate("() => page.old.connectionState") == "connected"
    assert page.evaluate("() => page.streams[0] === page.before") is True
    page.evaluate("async offer => page.peer.accept(await page.node.answer(offer), offer)", offer)
    until(page, "() => page.old.connectionState === 'closed'")
    assert page.evaluate("() => page.streams[0] === page.before") is False
    assert page.evaluate("() => page.streams.length") == 3
    until(page, "async () => await page.node.packetsFrom('audio') > 10")


def test_answer_to_an_older_offer_is_dropped(page: Page) -> None:
    late: str = page.evaluate("() => page.peer.offer(2)")
    answer: str = page.evaluate("async late => new PlayedNode().answer(late)", late)
    connected(page)
    page.evaluate("([answer, late]) => page.peer.accept(answer, late)", [answer, late])
    assert page.evaluate("() => page.states.at(-1)") == "connected"


def test_two_answers_to_one_offer_are_not_both_applied(page: Page) -> None:
    """Kills: an answer that leaves its offer open; the browser refuses the second one."""
    offer: str = page.evaluate("() => page.peer.offer(2)")
    answer: str = page.evaluate("offer => page.node.answer(offer)", offer)
    twice = "pair => Promise.all([page.peer.accept(...pair), page.peer.accept(...pair)])"
    page.evaluate(twice, [answer, offer])
    until(page, "() => page.states.at(-1) === 'connected'")


def test_offers_asked_for_together_are_one(page: Page) -> None:
    offers = page.evaluate("() => Promise.all([page.peer.offer(2), page.peer.offer(2)])")
    assert offers[0] == offers[1]
    assert page.evaluate("() => window.__peers.length") == 1


def test_closed_peer_sends_nothing(page: Page) -> None:
    connected(page)
    page.evaluate("async () => page.peer.setMicrophone((await page.open()).getAudioTracks()[0])")
    page.evaluate("() => page.peer.close()")
    assert page.evaluate("() => page.sending.at(-1)") == [False, False]
    assert page.evaluate("() => window.__peers[0].connectionState") == "closed"
