"""What the node does not keep of a peer."""

import gc

from OpenSSL import SSL

from server.media.description import OfferedMedia
from server.media.dtls import Identity
from tests.media.running import People


async def test_nothing_of_the_offer_outlives_the_answer(people: People) -> None:
    """Kills: a peer that keeps it: 10 kB each."""
    first = await people.join("first", slots=11)
    gc.collect()
    print_of = first.identity.digest
    # by type(): isinstance() asks the object, and others' lazy ones answer with what they do
    kept = [x for x in gc.get_objects() if type(x) is OfferedMedia]
    assert [x for x in kept if x.fingerprint == print_of] == []


def test_connection_keeps_no_buffers_between_handshake_and_goodbye() -> None:
    """Kills: OpenSSL's default, 20 kB a peer for three hours of silence."""
    assert Identity().context.set_mode(0) & SSL.MODE_RELEASE_BUFFERS
