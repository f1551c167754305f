"""The probe never joins a session's room: neither can name the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.probe.check import RECEIVER, SENDER
from server.probe.rooms import PREFIX, ProbeRoom, new_room
from sessions.models import Room, Seat
from sessions.models.keys import public_id

URL_SAFE = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1)


@given(URL_SAFE)
def test_room_with_a_sessions_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not a room of the probe"):
        ProbeRoom(key)


def test_new_rooms_are_the_probes_own_and_differ() -> None:
    made = {new_room().key for _ in range(100)}
    assert len(made) == 100
    assert {key[: len(PREFIX)] for key in made} == {"probe:"}


def test_keys_of_rooms_and_seats_have_no_colon() -> None:
    """A session's room goes by its key, its peers by their seats'. Kills: another alphabet."""
    assert {model._meta.get_field("key").default for model in (Room, Seat)} == {public_id}
    assert not any(":" in public_id() for _ in range(1000))


def test_probes_participants_cannot_be_seats() -> None:
    assert {name.partition(":")[0] for name in (SENDER, RECEIVER)} == {"probe"}
