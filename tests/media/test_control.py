"""The control connection, and what holds when it does not."""

import asyncio
import time
from pathlib import Path

from server.media.client import MOST_MISSED, PING_SECONDS, MediaClient
from server.media.messages import (
    Answer,
    DesiredRoom,
    Notification,
    OfferRefused,
    PeerClosed,
    SendingChanged,
    SlotOwned,
    Speaking,
)
from server.media.process import POLL_SECONDS
from server.media.reasons import CloseReason
from tests.media.client_peer import PATIENCE, ClientPeer
from tests.media.running import ROOM, SECRET, People, allowed


def refused(reply: Answer | OfferRefused) -> str:
    """The code, or nothing."""
    return reply.code if isinstance(reply, OfferRefused) else ""


# ---- who may come in --------------------------------------------------------------------------


async def test_offer_of_an_unwanted_peer_is_refused_after_one_fresh_read(people: People) -> None:
    before = people.store.reads
    assert refused(await people.offered("nobody", ClientPeer("nobody"))) == "media.not_wanted"
    assert people.store.reads >= before + 1


async def test_offer_is_answered_when_only_the_store_knows_the_peer(people: People) -> None:
    people.want(first=allowed())
    assert isinstance(await people.offered("first", ClientPeer("first")), Answer)


async def test_offer_of_an_older_generation_is_refused(people: People) -> None:
    people.client.apply(people.want(first=allowed(5)))
    assert refused(await people.offered("first", ClientPeer("first"), 4)) == "media.generation_old"
    assert refused(await people.offered("first", ClientPeer("first"), 6)) == "media.not_wanted"


async def test_revoked_generation_never_comes_back(people: People) -> None:
    await people.join("first")
    assert people.client.revoke(ROOM, "first", 1) is None
    closed = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.REVOKED)
    await people.until(lambda: closed in people.process.words)
    assert refused(await people.offered("first", ClientPeer("first"))) == "media.generation_old"
    await people.join("first", generation=2)


async def test_revoked_without_a_number_ends_what_is_here_and_lets_a_newer_one_in(
    people: People,
) -> None:
    """Kills: a revocation by a process that could not learn the generation, which bars for ever."""
    await people.join("first", generation=4)
    assert people.client.revoke(ROOM, "first", None) is None
    closed = PeerClosed(room=ROOM, peer="first", generation=4, reason=CloseReason.REVOKED)
    await people.until(lambda: closed in people.process.words)
    again = await people.offered("first", ClientPeer("first"), generation=4)
    assert refused(again) == "media.generation_old"
    await people.join("first", generation=5)


async def test_bad_offer_is_refused_with_its_code(people: People) -> None:
    people.client.apply(people.want(first=allowed()))
    reply = await people.client.offer(ROOM, "first", 1, "not a description")
    assert refused(reply) == "media.offer_malformed"
    reply = await people.client.offer(ROOM, "first", 1, "v=0\r\n" * 20_000)
    assert refused(reply) == "media.offer_too_large"


# ---- the desired value is what counts ---------------------------------------------------------


async def test_removed_peer_is_closed_within_a_second_when_every_command_is_lost(
    people: People,
) -> None:
    """No Apply and no Revoke arrives; the store alone says that the peer is gone.

    The node compares on its own twice a second, so two readings of the store at most pass. The
    number of readings is asserted, and not how long a busy machine takes for them.
    """
    first, second = await people.join("first"), await people.join("second")
    await people.client.close()
    people.want(first=None)
    reads = people.store.reads
    await people.until(lambda: "first" not in people.node.rooms[ROOM].peers)
    assert people.store.reads - reads <= 2
    assert 2 * POLL_SECONDS <= 1
    words = len(people.process.words)
    for _ in range(20):
        first.show(key=True)
        second.show(key=True)
    counters = people.node.counters
    await people.until(lambda: counters.unknown_address == 20)
    leg = people.node.rooms[ROOM].peers["second"].leg
    await people.until(lambda: leg.publications["video"].layers[0].packets == 20)
    assert [w for w in people.process.words[words:] if is_forwarded(w)] == []


def is_forwarded(word: object) -> bool:
    """An SRTP packet from the node."""
    return isinstance(word, tuple) and 127 < word[0][0] < 192 and not 191 < word[0][1] < 224


async def test_empty_store_closes_nobody(people: People) -> None:
    await people.join("first")
    people.store.values.clear()
    reads = people.store.reads
    await people.until(lambda: people.store.reads >= reads + 2)
    assert people.leg_connected("first")


async def test_incomplete_value_of_a_new_epoch_closes_nobody(people: People) -> None:
    await people.join("first")
    empty = DesiredRoom(room=ROOM, epoch="second", version=99, complete=False, peers={})
    people.store.values[ROOM] = empty
    people.client.apply(empty)
    reads = people.store.reads
    await people.until(lambda: people.store.reads >= reads + 2)
    assert people.leg_connected("first")


async def test_store_that_is_away_changes_nothing(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    people.store.away = True
    await people.node.poll()
    first.show(key=True)
    await second.until(lambda: second.arrived)
    people.client.apply(people.want(first=None))
    closed = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.NOT_WANTED)
    await people.until_told(closed)


# ---- connections ------------------------------------------------------------------------------


async def test_wrong_secret_gets_nothing(people: People) -> None:
    notifications: list[Notification] = []
    client = MediaClient(people.process.control_address, "wrong", "web", notifications.append)
    assert await client.connect() is False
    assert refused(await client.offer(ROOM, "first", 1, "")) == "media.down"
    await client.close()


async def test_calls_fail_with_a_value_when_the_node_is_away(tmp_path: Path) -> None:
    client = MediaClient(f"unix:{tmp_path}/none", SECRET, "web", lambda _: None)
    assert await client.connect() is False
    desired = DesiredRoom(room=ROOM, epoch="e", version=1, complete=True, peers={})
    assert refused(await client.offer(ROOM, "first", 1, "")) == "media.down"
    assert client.apply(desired) == "media.down"
    assert client.revoke(ROOM, "first", 1) == "media.down"
    assert client.attach(ROOM, "first", 1) == "media.down"
    await client.close()


async def test_offer_does_not_hang_on_a_node_that_says_nothing(tmp_path: Path) -> None:
    async def welcome_and_be_silent(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readline()
        writer.write(b'{"type":"welcome","node":"n"}\n')
        await reader.read()
        writer.close()

    path = tmp_path / "silent"
    server = await asyncio.start_unix_server(welcome_and_be_silent, str(path))
    client = MediaClient(f"unix:{path}", SECRET, "web", lambda _: None)
    assert await client.connect()
    assert refused(await client.offer(ROOM, "first", 1, "")) == "media.down"
    await client.close()
    server.close()


async def test_reconnected_client_is_told_its_slots_again(people: People) -> None:
    await people.join("first")
    await people.join("second")

    def owned() -> list[SlotOwned]:
        return [told for told in people.notifications if isinstance(told, SlotOwned)]

    await people.until(lambda: len(owned()) == 2)
    expected = owned()
    people.notifications.clear()
    for connection in list(people.process.control._connections):
        connection.close()
    await people.until_told(*expected)


async def test_view_counts_for_its_generation_and_is_said_again_after_a_reconnect(
    people: People,
) -> None:
    """Kills: a view of a former connection; a web process that reconnects and forgets it."""
    await people.join("first", generation=2)
    people.client.view(ROOM, "first", 1, {0: 640})
    people.client.view(ROOM, "first", 2, {0: 320})
    peer = people.node.rooms[ROOM].peers["first"]
    await people.until(lambda: peer.view == {0: 320})
    peer.view = None
    for connection in list(people.process.control._connections):
        connection.close()
    await people.until(lambda: peer.view == {0: 320})


async def test_revocation_waits_for_a_node_that_is_away(people: People) -> None:
    await people.join("first")
    await people.process.control.stop()
    await people.until(lambda: not people.client.connected)
    people.client.revoke(ROOM, "first", 1)
    await people.process.control.start(people.process.configuration.control)
    closed = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.REVOKED)
    await people.until(lambda: closed in people.process.words)


async def test_broken_connection_is_no_lost_node(people: People) -> None:
    """Kills: rooms that are moved because one connection was reset."""
    lost: list[bool] = []
    client = MediaClient(
        people.process.control_address,
        SECRET,
        "other",
        lambda _: None,
        lambda: lost.append(client.lost),
    )
    assert await client.connect()
    for connection in list(people.process.control._connections):
        connection.close()
    await people.until(lambda: len(lost) == 2)
    assert lost == [False, False]
    await client.close()


async def test_node_that_is_gone_is_lost_at_the_first_refusal(people: People) -> None:
    """Kills: waiting for the lease, or for silence, when nobody listens any more."""
    await people.process.control.stop()
    await people.until(lambda: people.client.lost)
    assert not people.client.connected
    await people.process.control.start(people.process.configuration.control)
    await people.until(lambda: people.client.connected)
    assert not people.client.lost


async def test_node_that_falls_silent_is_lost(tmp_path: Path) -> None:
    """A stopped process keeps its connections. Kills: waiting for their end."""
    lost = asyncio.Event()
    pings: list[bytes] = []

    async def welcome_and_be_silent(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readline()
        writer.write(b'{"type":"welcome","node":"n"}\n')
        while line := await reader.readline():
            pings.append(line)
        writer.close()

    path = tmp_path / "silent"
    server = await asyncio.start_unix_server(welcome_and_be_silent, str(path))
    client = MediaClient(
        f"unix:{path}", SECRET, "web", lambda _: None, lambda: connected(client, lost)
    )
    assert await client.connect()
    async with asyncio.timeout(PATIENCE):
        await lost.wait()
    assert len(pings) == MOST_MISSED
    await client.close()
    server.close()


def connected(client: MediaClient, lost: asyncio.Event) -> None:
    if client.lost:
        lost.set()


async def test_process_that_stood_still_itself_blames_nobody(people: People) -> None:
    """Kills: silence by the clock, by which a web process that slept moves every room."""
    time.sleep(MOST_MISSED * PING_SECONDS + 0.5)  # noqa: ASYNC251 - nothing may run meanwhile
    answers = people.client._lines_heard
    await people.until(lambda: people.client._lines_heard > answers + 1)
    assert (people.client.connected, people.client.lost) == (True, False)


async def test_new_peer_that_is_not_here_yet_is_not_reported(people: People) -> None:
    """Kills: a page that is asked to offer again while it makes its first offer."""
    people.client.attach(ROOM, "first", 1, new=True)
    people.client.attach(ROOM, "second", 1)
    gone = PeerClosed(room=ROOM, peer="second", generation=1, reason=CloseReason.NOT_HERE)
    await people.until_told(gone)
    assert [t for t in people.notifications if isinstance(t, PeerClosed)] == [gone]


async def test_restarted_node_reports_peers_it_does_not_have(people: People) -> None:
    await people.join("first")
    await people.restart()
    gone = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.NOT_HERE)
    await people.until_told(gone)


async def test_another_run_of_a_node_is_reported_without_the_former_ones_peers(
    people: People,
) -> None:
    """Before anybody can place a room there. Kills: asking it for them, which answers when they
    may have offered again."""
    await people.join("first")
    heard: list[Notification | str] = []
    client = MediaClient(
        people.process.configuration.control,
        SECRET,
        "other",
        heard.append,
        lambda: heard.append(client.node),
    )
    await client.connect()
    client.attach(ROOM, "first", 1)
    before = len(heard)
    await people.restart("another")
    await people.until(lambda: client.node == "another")
    gone = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.NOT_HERE)
    since = [news for news in heard[before:] if isinstance(news, PeerClosed | str)]
    assert since[since.index(gone) :] == [gone, "another"]
    assert client._attached == {}
    await client.close()


async def test_notifications_go_to_the_connection_that_attached_last(people: People) -> None:
    notifications: list[Notification] = []
    await people.join("first")
    other = MediaClient(people.process.control_address, SECRET, "other", notifications.append)
    await other.connect()
    assert other.attach(ROOM, "first", 1) is None
    assert refused(await other.offer(ROOM, "nobody", 1, "")) == "media.not_wanted"  # in order
    other.revoke(ROOM, "first", 1)
    closed = PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.REVOKED)
    await people.until(lambda: closed in notifications)
    assert closed not in people.notifications
    await other.close()


async def test_malformed_line_ends_that_connection_alone(people: People) -> None:
    path = people.process.control_address.removeprefix("unix:")
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(
        b'{"type":"hello","secret":"a secret of the tests, shared by processes","web":"x"}\n{"type":"what"}\n'
    )
    assert b"welcome" in await reader.readline()
    while await reader.readline():
        pass
    writer.close()
    assert people.client.connected


# ---- notifications ----------------------------------------------------------------------------


async def test_speaking_and_sending_are_told_to_the_room(people: People) -> None:
    first = await people.join("first")
    await people.join("second")
    for _ in range(30):
        first.speak(level=10)
    await people.until_told(
        SendingChanged(room=ROOM, peer="first", audio=True, video=False),
        Speaking(room=ROOM, peers=["first"]),
        Speaking(room=ROOM, peers=[]),
    )


async def test_a_peer_that_connects_is_said_to_send_nothing_yet(people: People) -> None:
    """From then on the node's word counts. Kills: news of changes only, where a silent peer is
    shown as its browser says."""
    await people.join("first")
    await people.until_told(SendingChanged(room=ROOM, peer="first", audio=False, video=False))


async def test_goodbye_of_a_peer_closes_it(people: People) -> None:
    first = await people.join("first")
    first.leave()
    await people.until_told(
        PeerClosed(room=ROOM, peer="first", generation=1, reason=CloseReason.LEFT)
    )
