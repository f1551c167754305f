"""Sound that is lost: what later packets bring back, and who gets what repeated."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from server.media import redundancy
from server.media.redundancy import (
    DISTANCE,
    LATEST,
    LONGEST,
    LONGEST_BLOCK,
    REMEMBERED,
    Earlier,
    Recent,
    lost,
    payload_of,
    read,
    repeated,
)
from server.media.ring import Kept
from server.media.streams import Leg, Source
from server.media.vp8 import NONE
from tests.media.client_peer import OPUS
from tests.media.red_peer import PACKET, RED, blocks_of, join, red
from tests.media.running import ROOM, People, allowed

# ---- the pure rules ------------------------------------------------------------------------------

SOUNDS = st.builds(
    lambda fill, size: bytes((fill,)) * size,
    st.integers(0, 255),
    st.sampled_from((1, 80, 511, 512, LONGEST_BLOCK)),
)
BLOCKS = st.lists(st.tuples(st.integers(0, 16383), SOUNDS), max_size=4)


def kept(index: int, timestamp: int, sound: bytes) -> Kept:
    return index, 0, timestamp & 0xFFFFFFFF, sound, NONE


@given(st.integers(35, 127), BLOCKS, st.binary(max_size=200))
def test_what_is_written_is_read_as_it_was_by_the_node_and_by_a_browser(
    opus: int, earlier: list[tuple[int, bytes]], newest: bytes
) -> None:
    """Kills: a length or an offset that is a bit too short (RFC 2198: 14 and 10 bits)."""
    made = payload_of(opus, earlier, newest)
    assert made == red(opus, earlier, newest)
    assert read(made, opus) == (NONE, newest, earlier)
    assert blocks_of(made, opus) == (earlier, newest)


@given(st.binary(max_size=80), st.integers(35, 127))
def test_any_bytes_are_read_or_refused(payload: bytes, opus: int) -> None:
    """Kills: a length that is believed though so many bytes are not there."""
    descriptor, newest, earlier = read(payload, opus)
    whole = sum(4 + len(sound) for _, sound in earlier) + 1 + len(newest)
    assert whole == (len(payload) if descriptor is not None else 1)


@given(BLOCKS.filter(bool), st.data())
def test_payload_that_ends_within_its_earlier_sounds_is_refused(
    earlier: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    """Kills: an end that is one byte off."""
    made = payload_of(OPUS, earlier, b"")
    assert read(made, OPUS) == (NONE, b"", earlier)
    cut = data.draw(st.integers(0, len(made) - 1) | st.just(len(made) - 1))
    assert read(made[:cut], OPUS) == redundancy.MALFORMED


@given(BLOCKS, st.integers(35, 127), st.integers(0, 3))
def test_payload_with_one_block_of_another_kind_is_refused(
    earlier: list[tuple[int, bytes]], opus: int, place: int
) -> None:
    """Kills: a check of the newest block alone."""
    made = bytearray(payload_of(opus, earlier, b"newest"))
    made[4 * min(place, len(earlier))] ^= 1
    assert read(bytes(made), opus) == redundancy.MALFORMED


def test_payload_of_more_blocks_than_browsers_take_is_refused() -> None:
    blocks = [(PACKET, b"s")] * redundancy.MOST_BLOCKS
    assert read(payload_of(OPUS, blocks, b"s"), OPUS) == (NONE, b"s", blocks)
    assert read(payload_of(OPUS, [*blocks, blocks[0]], b"s"), OPUS) == redundancy.MALFORMED


@dataclass
class Publisher:
    """Sounds one after another, and which of them the node heard of by then."""

    timestamp: int
    recent: Recent = field(default_factory=dict)
    sounds: dict[int, tuple[int, bytes]] = field(default_factory=dict)

    def say(self, ticks: int, size: int) -> int:
        index = len(self.sounds) + 65536
        self.timestamp = self.timestamp + ticks & 0xFFFFFFFF
        self.sounds[index] = self.timestamp, b"%d" % index + bytes(size)
        return index

    def packet(self, index: int) -> Kept:
        return kept(index, *self.sounds[index])


TALK = st.lists(
    st.tuples(
        st.sampled_from((480, 960, 2880, LATEST, LATEST + 1, 19200)),  # since the sound before
        st.sampled_from((1, 80, 600, LONGEST_BLOCK, 1200)),
        st.booleans(),  # it is lost
    ),
    max_size=40,
)


@given(TALK, st.integers(0, 2**32 - 1))
def test_what_is_repeated_is_what_was_said_shortly_before_in_its_order(
    talk: list[tuple[int, int, bool]], start: int
) -> None:
    """Kills, each planted and seen: LATEST left out; a length beyond ten bits; LONGEST left out;
    earlier sounds that are written newest first."""
    publisher = Publisher(start)
    for ticks, size, is_lost in talk:
        index = publisher.say(ticks, size)
        if is_lost:
            continue
        moment, sound = publisher.sounds[index]
        payloads = repeated(publisher.recent, publisher.packet(index))
        if payloads is None:
            continue
        earlier, newest = blocks_of(payloads[OPUS], OPUS)
        assert newest == sound
        assert len(payloads[OPUS]) <= LONGEST
        before = [publisher.sounds[i] for i in range(index - DISTANCE, index) if i > 65535]
        said = [(moment - at & 0xFFFFFFFF, one) for at, one in before]
        assert [one for one in said if one in earlier] == earlier
        assert all(ticks <= LATEST and len(one) <= LONGEST_BLOCK for ticks, one in earlier)


def test_usual_sounds_are_repeated_twice_from_the_third_on() -> None:
    publisher = Publisher(0)
    found: list[list[int]] = []
    for _ in range(4):
        payloads = repeated(publisher.recent, publisher.packet(publisher.say(PACKET, 80)))
        earlier: Earlier = blocks_of(payloads[OPUS], OPUS)[0] if payloads is not None else ()
        found.append([ticks for ticks, _ in earlier])
    assert found == [[], [PACKET], [2 * PACKET, PACKET], [2 * PACKET, PACKET]]


@given(TALK, st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_what_is_brought_back_is_exactly_what_was_lost_and_came_with_a_later_packet(
    talk: list[tuple[int, int, bool]], start: int, distance: int
) -> None:
    """Kills, each planted and seen: a sound that was heard and comes again; one of before the first
    that was heard; an index that is one off; a pause that counts as a loss."""
    publisher = Publisher(start)
    known: set[int] = set()
    for ticks, size, is_lost in talk:
        index = publisher.say(ticks, size)
        if is_lost:
            continue
        packet = publisher.packet(index)
        earlier, expected = [], []
        for before in range(max(65536, index - distance), index):
            at, sound = publisher.sounds[before]
            ago = packet[2] - at & 0xFFFFFFFF
            earlier.append((ago, sound))
            if known and before > min(known) and before not in known and ago <= LATEST:
                expected.append(kept(before, at, sound))
        assert lost(publisher.recent, packet, earlier) == expected
        for one in (*expected, packet):
            repeated(publisher.recent, one)
            known.add(one[0])
        known = set(sorted(known)[-REMEMBERED:])


def test_nothing_is_brought_back_of_before_what_others_may_hear() -> None:
    """Kills: a first packet that is allowed and brings the last one that was not."""
    publisher = Publisher(0)
    first, second = publisher.say(PACKET, 80), publisher.say(PACKET, 80)
    earlier = [(PACKET, publisher.sounds[first][1])]
    assert lost({}, publisher.packet(second), earlier) == []


# ---- over a running node -------------------------------------------------------------------------


def sound_of(people: People, name: str) -> Source:
    return leg_of(people, name).publications["audio"].layers[0]


def leg_of(people: People, name: str) -> Leg:
    return people.node.rooms[ROOM].peers[name].leg


async def test_who_offers_red_gets_two_earlier_sounds_with_each_and_others_none(
    people: People,
) -> None:
    """Kills: block types that are the publisher's and not the subscriber's own."""
    first = await join(people, "first")
    second = await join(people, "second", opus=109)
    plain = await people.join("plain")
    for _ in range(4):
        first.speak()
    await second.until(lambda: len(second.heard()) == 4)
    await plain.until(lambda: len(plain.arrived) == 4)
    assert second.heard() == [
        (1, None),
        (2, None),  # what is repeated is of this turn alone
        (3, [(1, 2.0), (2, 1.0)]),
        (4, [(2, 2.0), (3, 1.0)]),
    ]
    assert [a.payload_type for a in second.arrived] == [109, 109, RED, RED]
    assert [(a.number, a.payload_type) for a in plain.arrived] == [(n, OPUS) for n in range(1, 5)]
    assert [a.marker for a in second.arrived] == [True, False, False, False]


async def test_sound_of_a_browser_without_red_is_repeated_as_well(people: People) -> None:
    plain = await people.join("plain")
    second = await join(people, "second")
    for _ in range(3):
        plain.speak()
    await second.until(lambda: len(second.heard()) == 3)
    assert second.heard() == [(1, None), (2, None), (3, [(1, 2.0), (2, 1.0)])]


async def test_sound_that_was_lost_on_the_way_up_reaches_everybody_with_its_own_number(
    people: People,
) -> None:
    """Kills: a restored sound that reports count as arrived."""
    first = await join(people, "first")
    second, plain = await join(people, "second"), await people.join("plain")
    for is_lost in (False, False, True, False, True, True, False):
        first.speak(lose=is_lost)
    await second.until(lambda: len(second.heard()) == 6)
    await plain.until(lambda: len(plain.arrived) == 6)
    assert [a.number for a in plain.arrived] == [1, 2, 3, 4, 6, 7]
    for peer in (second, plain):
        sent = list(peer.of("audio"))
        assert [a.sequence - a.number - sent[0].sequence + 1 for a in sent] == [0] * 6
        assert [a.timestamp - a.number * PACKET - sent[0].timestamp + PACKET for a in sent] == [
            0
        ] * 6
    assert second.heard()[-1] == (7, [(6, 1.0)])
    assert people.node.counters.restored == 2
    source = sound_of(people, "first")
    assert (source.index - source.base + 1, source.packets) == (7, 4)


async def test_sound_that_comes_late_after_one_that_had_it_is_not_sent_twice(
    people: People,
) -> None:
    first, plain = await join(people, "first"), await people.join("plain")
    first.speak()
    held = first.speak(lose=True)
    first.speak()
    await plain.until(lambda: len(plain.arrived) == 3)
    first.send_raw(held)
    source = sound_of(people, "first")
    await people.until(lambda: source.packets == 3)
    first.speak()
    await plain.until(lambda: len(plain.arrived) == 4)
    assert [a.number for a in plain.arrived] == [1, 2, 3, 4]
    assert (plain.undecodable, people.node.counters.not_sent) == (0, 0)


async def test_pause_of_a_silent_microphone_is_neither_repeated_nor_a_loss(people: People) -> None:
    first, second = await join(people, "first"), await join(people, "second")
    for pause in (0, 0, 0, 9, 0):
        first.speak(pause=pause)
    await second.until(lambda: len(second.heard()) == 5)
    assert second.heard()[2:] == [(3, [(1, 2.0), (2, 1.0)]), (4, None), (5, [(4, 1.0)])]
    assert people.node.counters.restored == 0


async def test_nothing_of_before_a_right_was_given_is_heard_after_it(people: People) -> None:
    """Kills: sounds that are kept though nobody may hear them."""
    first = await join(people, "first")
    second, plain = await join(people, "second"), await people.join("plain")
    source = sound_of(people, "first")
    for _ in range(3):
        first.speak()
    await second.until(lambda: len(second.heard()) == 3)
    await plain.until(lambda: len(plain.arrived) == 3)
    people.client.apply(people.want(first=allowed(send_audio=False)))
    await people.until(lambda: not source.publication.allowed)
    first.speak()
    first.speak(lose=True)
    await people.until(lambda: source.packets == 4)
    people.client.apply(people.want(first=allowed()))
    await people.until(lambda: source.publication.allowed and source.routes)
    for _ in range(3):
        first.speak()
    await second.until(lambda: len(second.heard()) == 6)
    await plain.until(lambda: len(plain.arrived) == 6)
    assert second.heard()[3:] == [(6, None), (7, None), (8, [(6, 2.0), (7, 1.0)])]
    assert [a.number for a in plain.arrived] == [1, 2, 3, 6, 7, 8]


async def test_malformed_red_is_counted_and_ends_nothing(people: People) -> None:
    first, plain = await join(people, "first"), await people.join("plain")
    first.speak()
    await plain.until(lambda: len(plain.arrived) == 1)
    cut = bytes((0x80, RED)) + (first.audio.sequence + 1 & 0xFFFF).to_bytes(2, "big")
    cut += first.audio.timestamp.to_bytes(4, "big") + first.audio.ssrc.to_bytes(4, "big")
    first.send_raw(first.seal(cut + b"\xef\x0f\x03\xff\x6fshort"))
    await people.until(lambda: people.node.counters.malformed == 1)
    first.audio.sequence = first.audio.sequence + 1 & 0xFFFF
    first.speak()
    await plain.until(lambda: len(plain.arrived) == 2)
    assert people.node.counters.faults == 0


async def test_reports_say_how_many_bytes_were_sent_with_what_was_repeated(people: People) -> None:
    first, second = await join(people, "first"), await join(people, "second")
    for _ in range(3):
        first.speak()
    await second.until(lambda: len(second.heard()) == 3)
    slot = leg_of(people, "second").slots["audio"][0]
    sound = len(b"|first|1|")
    assert list(slot.counts) == [3, 3 * sound + (2 * 4 + 1 + 2 * sound)]
    assert sound_of(people, "first").octets <= 3 * sound  # the price of the sound alone


async def test_link_without_room_gets_each_sound_once(people: People) -> None:
    """Kills: a price of sound that forgets what is repeated, or the loss of the link."""
    first, second = await join(people, "first"), await join(people, "second")
    room, leg = people.node.rooms[ROOM], leg_of(people, "second")
    sound_of(people, "first").bitrate = 32_000
    now = people.node._clock()
    slots = leg.slots["audio"]
    for rate, loss, expected in (
        (180_000, 0.0, RED),
        (179_000, 0.0, 0),
        (223_000, 0.0, 0),
        (224_000, 0.0, RED),
        (100_000, 0.0, 0),
        (112_000, 0.1, RED),
        (89_000, 0.1, 0),
        (224_000, 0.0, RED),
    ):
        leg.estimate._fed_at, leg.estimate._rate, leg.estimate.loss = now, float(rate), loss
        room.share(room.peers["second"], now)
        assert {slot.redundant for slot in slots} == {expected}
    room.share(room.peers["second"], now, crowded=True)
    assert {slot.redundant for slot in slots} == {0}
    for _ in range(3):
        first.speak()
    await second.until(lambda: len(second.heard()) == 3)
