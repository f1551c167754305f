"""Slots that change hands: nobody is ever seen under another's name.

What the node tells and sends is read in one order (`People.process.words`), so the rule can be
stated exactly: after "slot belongs to B" no packet of A enters it, and every packet bears the
number of whom its content is.
"""

import random
from functools import partial
from itertools import pairwise

from server.media.messages import SlotOwned, SlotShown
from tests.media.client_peer import Arrived, ClientPeer
from tests.media.running import ROOM, People

HANDOVERS = 200
SEATS = 2


def claims(people: People, watcher: ClientPeer) -> list[tuple[Arrived, str | None, int]]:
    """Each packet that reached the watcher, with the announced owner of its slot, and csrc."""
    by_bytes = {arrived.sealed: arrived for arrived in watcher.arrived}
    owners: dict[int, tuple[str | None, int]] = {}
    found = []
    for word in people.process.words:
        if isinstance(word, SlotOwned) and word.peer == "watcher":
            owners[word.slot] = (word.owner, word.csrc)
        elif isinstance(word, tuple) and word[0] in by_bytes:
            arrived = by_bytes[word[0]]
            found.append((arrived, *owners.get(arrived.slot, (None, 0))))
    return found


async def test_hand_overs_never_show_one_under_the_name_of_another(people: People) -> None:
    """200 seeded hand-overs of two slots, with media of everyone flowing all the time.

    Kills: a CSRC that belongs to the slot instead of the source, in `PacketPath._forward`, and
    a slot whose numbers start from zero with each owner, in `numbering.stop`.
    """
    chance = random.Random(20261122)
    watcher = await people.join("watcher", slots=SEATS)
    seated: list[str] = []
    for number in range(HANDOVERS):
        if len(seated) == SEATS:
            leaver = seated.pop(chance.randrange(SEATS))
            people.peers[leaver].show(key=True)  # on its way while the seat changes hands
            people.client.apply(people.want(**{leaver: None}))
        name = f"guest{number}"
        guest = await people.join(name, slots=SEATS)
        seated.append(name)
        for sender in seated:
            people.peers[sender].show(key=True, parts=chance.randint(1, 3))
            people.peers[sender].speak()
        watcher.speak()  # a silent watcher would be closed on a slow machine
        await watcher.until(partial(has_seen, watcher, guest.mark))
    seen = claims(people, watcher)
    assert {arrived.mark for arrived, _, _ in seen} == {f"guest{i}" for i in range(HANDOVERS)}
    assert [a for a, owner, csrc in seen if (a.mark, a.csrc) != (owner, csrc)] == []
    assert watcher.undecodable == 0
    assert_continuous(watcher)


def has_seen(watcher: ClientPeer, mark: str) -> bool:
    """Sound and picture of this publisher have reached the watcher."""
    return {a.kind for a in watcher.arrived[-20:] if a.mark == mark} == {"audio", "video"}


def assert_continuous(watcher: ClientPeer) -> None:
    """Each stream's numbers go up by one, over all its owners, and its time never goes back."""
    for kind in ("audio", "video"):
        for slot in range(SEATS):
            stream = list(watcher.of(kind, slot))
            steps = [b.sequence - a.sequence & 0xFFFF for a, b in pairwise(stream)]
            assert steps == [1] * (len(stream) - 1)
            ticks = [b.timestamp - a.timestamp & 0xFFFFFFFF for a, b in pairwise(stream)]
            assert [t for t in ticks if t >= 1 << 31] == []


async def test_slot_shown_names_the_first_key_frame_of_its_owner(people: People) -> None:
    first, second = await people.join("first"), await people.join("second")
    first.show()
    first.show(key=True)
    await second.until(lambda: second.arrived)
    shown = SlotShown(
        room=ROOM,
        peer="second",
        slot=0,
        owner="first",
        rtp_timestamp=second.arrived[0].timestamp,
    )
    await people.until_told(shown)
    assert [w for w in people.process.words if isinstance(w, SlotShown)] == [shown]
