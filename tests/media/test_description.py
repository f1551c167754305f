"""Offers in, answers out: the allow-list, what is refused, and the template of the answer."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.media.answer import Credentials, Node, answer
from server.media.description import (
    LEVEL,
    MID,
    MOST_LINES,
    TRANSPORT_CC,
    Line,
    OfferedMedia,
    Refusal,
    read_offer,
)
from server.media.messages import LONGEST_OFFER
from tests.media.client_peer import ClientPeer

FINGERPRINT = ":".join(["AB"] * 32)
SESSION = f"v=0\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 {FINGERPRINT}\r\na=setup:actpass\r\n"
CHROMIUM = (
    SESSION
    + "a=extmap-allow-mixed\r\n"
    + "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n"
    + "a=mid:0\r\na=sendonly\r\na=rtpmap:63 red/48000/2\r\na=rtpmap:111 opus/48000/2\r\n"
    + f"a=extmap:1 {LEVEL}\r\na=extmap:3 {TRANSPORT_CC}\r\na=extmap:4 {MID}\r\n"
    + "a=extmap:14 urn:ietf:params:rtp-hdrext:toffset\r\na=ssrc:7 cname:x\r\n"
    + "m=video 9 UDP/TLS/RTP/SAVPF 45 96 97\r\n"
    + "a=mid:1\r\na=sendonly\r\na=rtpmap:45 AV1/90000\r\na=rtpmap:96 VP8/90000\r\n"
    + "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=ssrc-group:FID 8 9\r\na=ssrc:8 cname:x\r\n"
    + "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
    + "a=mid:2\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n"
    + "a=fmtp:97 apt=96\r\na=ssrc:10 cname:not-a-publication\r\n"
)
FIREFOX = (
    SESSION
    + "m=audio 9 UDP/TLS/RTP/SAVPF 109\r\n"
    + f"a=mid:0\r\na=sendonly\r\na=rtpmap:109 opus/48000/2\r\na=extmap:1/sendonly {LEVEL}\r\n"
    + "m=video 0 UDP/TLS/RTP/SAVPF 120 124\r\n"
    + "a=bundle-only\r\na=mid:1\r\na=recvonly\r\na=rtpmap:120 VP8/90000\r\n"
    + "a=rtpmap:124 rtx/90000\r\na=fmtp:124 apt=120\r\n"
)


def test_chromiums_offer_is_cut_down_to_the_allow_list() -> None:
    assert read_offer(CHROMIUM) == OfferedMedia(
        ufrag="abcd",
        fingerprint=bytes([0xAB]) * 32,
        mixed_extensions=True,
        lines=(
            Line("audio", "0", "send", 111, 0, ((MID, 4), (LEVEL, 1), (TRANSPORT_CC, 3)), 7, 0),
            Line("video", "1", "send", 96, 97, (), 8, 9),
            Line("video", "2", "receive", 96, 97),
        ),
    )


def test_firefoxs_offer_is_read_with_its_own_numbers() -> None:
    assert read_offer(FIREFOX) == OfferedMedia(
        ufrag="abcd",
        fingerprint=bytes([0xAB]) * 32,
        lines=(
            Line("audio", "0", "send", 109, 0, ((LEVEL, 1),)),
            Line("video", "1", "receive", 120, 124),
        ),
    )


RED = "a=rtpmap:111 opus/48000/2\r\na=fmtp:63 111/111\r\n"


def test_red_of_our_opus_is_taken_and_answered_before_it() -> None:
    """Chromium sends RED if it comes first in the answer, and takes none without its blocks' types.

    Kills: RED behind Opus; a video line that has it.
    """
    offered = read_offer(CHROMIUM.replace("a=rtpmap:111 opus/48000/2\r\n", RED))
    assert isinstance(offered, OfferedMedia)
    assert [line.redundant_payload for line in offered.lines] == [63, 0, 0]
    audio = answered(offered).split("m=video")[0].split("\r\n")
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 63 111" in audio
    assert [x for x in audio if ":63 " in x] == ["a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a=fmtp:63 111/111\r\n", ""),
        ("63 111/111", "63 111"),
        ("63 111/111", "63 111/110"),
        ("63 111/111", "63 0/0"),
        ("red/48000/2", "red/8000"),
        ("63 111/111", "63 " + "/".join(["111"] * 33)),
    ],
)
def test_red_of_anything_else_is_left_out(old: str, new: str) -> None:
    sdp = CHROMIUM.replace("a=rtpmap:111 opus/48000/2\r\n", RED)
    assert read_offer(sdp.replace(old, new)) == read_offer(CHROMIUM)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("a=ice-ufrag:abcd", "a=ice-ufrag:a b", "media.offer_malformed"),
        ("a=ice-ufrag:abcd", "a=x:y", "media.offer_malformed"),
        ("a=fingerprint:sha-256", "a=fingerprint:sha-1", "media.offer_malformed"),
        (
            "a=mid:1",
            "a=fingerprint:sha-256 " + "CD:" * 31 + "CD\r\na=mid:1",
            "media.offer_malformed",
        ),
        ("a=setup:actpass", "a=setup:passive", "media.offer_malformed"),
        ("a=mid:1", "a=mid:0", "media.offer_malformed"),
        ("a=mid:1", "a=mid:one two", "media.offer_malformed"),
        ("m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio 9 RTP/AVP", "media.offer_malformed"),
        ("m=audio 9 UDP/TLS/RTP/SAVPF", "m=application 9 UDP/DTLS/SCTP", "media.offer_malformed"),
        ("opus/48000/2", "PCMU/8000", "media.no_codec"),
        ("VP8/90000", "H264/90000", "media.no_codec"),
        ("96", "72", "media.no_codec"),  # RTCP would be taken for it
    ],
)
def test_offer_that_is_not_acceptable_is_refused(old: str, new: str, code: str) -> None:
    assert read_offer(CHROMIUM.replace(old, new)) == Refusal(code)  # type: ignore[arg-type]


def test_offer_is_bounded_in_size_and_lines() -> None:
    assert read_offer("x" * (LONGEST_OFFER + 1)) == Refusal("media.offer_too_large")
    assert read_offer("é" * (LONGEST_OFFER // 2 + 1)) == Refusal("media.offer_too_large")
    line = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
    assert read_offer(line * (MOST_LINES + 1)) == Refusal("media.too_many_lines")


@given(st.text(max_size=300))
def test_any_text_is_refused_without_a_fault(text: str) -> None:
    assert isinstance(read_offer(text), Refusal)


@given(
    st.lists(
        st.tuples(st.integers(0, len(CHROMIUM)), st.integers(0, 40), st.text(max_size=12)),
        max_size=4,
    )
)
def test_any_changed_offer_is_read_or_refused(changes: list[tuple[int, int, str]]) -> None:
    """And what is read can always be answered, with one section for each of the offer's."""
    sdp = CHROMIUM
    for at, cut, put in changes:
        sdp = sdp[:at] + put + sdp[at + cut :]
    offered = read_offer(sdp)
    if isinstance(offered, OfferedMedia):
        text = answered(offered)
        assert len(re.findall(r"^m=", text, re.MULTILINE)) == len(offered.lines)
        assert all(line.isascii() for line in text.splitlines())


def answered(offered: OfferedMedia) -> str:
    """With slots 100 and 101, and two addresses."""
    node = Node(("192.0.2.1", "127.0.0.1"), 5000, "AA:BB")
    slots = {line.mid: (100, 101) for line in offered.lines if line.direction == "receive"}
    return answer(offered, node, Credentials("ufrag", "password"), slots)


TRANSPORT = [
    "a=rtcp-mux",
    "a=rtcp-rsize",
    "a=ice-ufrag:ufrag",
    "a=ice-pwd:password",
    "a=fingerprint:sha-256 AA:BB",
    "a=setup:passive",
]
VP8 = [
    "a=rtpmap:96 VP8/90000",
    "a=rtcp-fb:96 ccm fir",
    "a=rtcp-fb:96 nack pli",
    "a=rtcp-fb:96 nack",
    "a=rtpmap:97 rtx/90000",
    "a=fmtp:97 apt=96",
]


def test_answer_follows_the_template() -> None:
    offered = read_offer(CHROMIUM)
    assert isinstance(offered, OfferedMedia)
    assert answered(offered).split("\r\n") == [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1 2",
        "a=ice-lite",
        "a=msid-semantic: WMS *",
        "a=extmap-allow-mixed",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        *TRANSPORT,
        "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host",
        "a=candidate:2 1 udp 2130706175 127.0.0.1 5000 typ host",
        "a=end-of-candidates",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1",
        "a=rtcp-fb:111 transport-cc",
        f"a=extmap:4 {MID}",
        f"a=extmap:1 {LEVEL}",
        f"a=extmap:3 {TRANSPORT_CC}",
        "a=recvonly",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        *TRANSPORT,
        *VP8,
        "a=recvonly",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "c=IN IP4 0.0.0.0",
        "a=mid:2",
        *TRANSPORT,
        *VP8,
        "a=sendonly",
        "a=ssrc:100 cname:node",
        "a=ssrc:101 cname:node",
        "a=ssrc-group:FID 100 101",
        "",
    ]


def test_nothing_of_the_candidates_is_kept() -> None:
    offered = read_offer(ClientPeer("someone").offer())
    assert isinstance(offered, OfferedMedia)
    assert "10.9.8.7" not in repr(offered) + answered(offered)
