"""Whoever is silent sends next to nothing: the node's answer lets a real Chromium use DTX."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from server.media.answer import Credentials, Node, answer
from server.media.description import OfferedMedia, read_offer
from tests.e2e import colours

pytestmark = pytest.mark.browser

ADDRESS = "http://127.0.0.1:1/"  # fulfilled by the test: nothing listens there
SECONDS = 4

OFFER = """async () => {
    window.sent = await navigator.mediaDevices.getUserMedia({audio: true});
    window.near = new RTCPeerConnection();
    near.addTrack(sent.getTracks()[0], sent);
    await near.setLocalDescription();
    return near.localDescription.sdp;
}"""

# The far side is the page's own, but says of Opus what the node says.
CONNECT = """async (parameters) => {
    const far = new RTCPeerConnection();
    near.onicecandidate = ({candidate}) => far.addIceCandidate(candidate);
    far.onicecandidate = ({candidate}) => near.addIceCandidate(candidate);
    await far.setRemoteDescription(near.localDescription);
    await far.setLocalDescription();
    const sdp = far.localDescription.sdp.replace(/a=fmtp:111 .*/, parameters);
    await near.setRemoteDescription({type: 'answer', sdp});
    await new Promise((connected) => {
        near.onconnectionstatechange = () => near.connectionState === 'connected' && connected();
    });
}"""

# packets for each second of sound that the microphone gave, not of the clock
RATE = """async (seconds) => {
    const read = async () => {
        const found = {};
        for (const one of (await near.getStats()).values()) {
            if (one.type === 'outbound-rtp') found.packets = one.packetsSent;
            if (one.type === 'media-source') found.heard = one.totalSamplesDuration;
        }
        return found;
    };
    const at = async (heard) => {
        for (;;) {
            const now = await read();
            if (now.heard >= heard) return now;
            await new Promise((again) => setTimeout(again, 50));
        }
    };
    const first = await at((await read()).heard + 1);
    const last = await at(first.heard + seconds);
    return (last.packets - first.packets) / (last.heard - first.heard);
}"""


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = colours.launch(playwright)
    yield browser
    browser.close()


def answered(sdp: str) -> str:
    """What the node's answer says of Opus."""
    offered = read_offer(sdp)
    assert isinstance(offered, OfferedMedia)
    text = answer(offered, Node((), 9, "AA"), Credentials("ufrag", "p" * 22), {})
    found: list[str] = re.findall(r"a=fmtp:111 .*", text)
    return found[0].strip()


def talking(browser: Browser) -> Page:
    """A page whose microphone gives a tone, connected."""
    context = browser.new_context()
    colours.wear(context, colours.RED)
    page = context.new_page()
    page.route(ADDRESS, lambda route: route.fulfill(body="<title>quiet</title>"))
    page.goto(ADDRESS)
    page.evaluate(CONNECT, answered(page.evaluate(OFFER)))
    return page


def packets_a_second(page: Page) -> float:
    rate: Any = page.evaluate(RATE, SECONDS)
    return float(rate)


def test_silent_microphone_sends_a_tenth_of_the_packets(chromium: Browser) -> None:
    """Kills: an answer without `usedtx=1`."""
    page = talking(chromium)
    loud = packets_a_second(page)
    page.evaluate("() => { sent.getTracks()[0].enabled = false; }")
    silent = packets_a_second(page)
    page.context.close()
    assert loud > 40
    assert 0 < silent < loud / 10
