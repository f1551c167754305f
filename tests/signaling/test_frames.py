"""Frames: whatever text comes, a command or a refusal; never a fault."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.signaling import frames
from sessions.signaling.messages import COMMANDS
from sessions.signaling.messages.base import name_of
from sessions.signaling.messages.connection import MESSAGE_LIMIT, Hello, Ok, Refused
from tests.verbs import SAMPLES, frame


def code_of(text: str) -> tuple[int | None, str]:
    """The id and code of a refusal."""
    found = frames.read(text)
    assert isinstance(found, Refused)
    return found.id, found.code


def test_read_of_a_command() -> None:
    assert frames.read('{"type": "hello", "id": 1}') == Hello(type="hello", id=1)


@pytest.mark.parametrize("kind", COMMANDS, ids=name_of)
def test_read_of_the_sample_of_a_command(kind: type) -> None:
    """Kills: a command that no test asks, since it has no sample."""
    assert isinstance(frames.read(json.dumps(frame(kind))), kind)


def test_samples_are_of_commands_alone() -> None:
    assert set(SAMPLES) == set(COMMANDS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type": "room.record", "id": 7}', (7, "message.unknown")),
        ('{"type": "room.start", "id": 7, "extra": 1}', (7, "message.malformed")),
        ('{"type": "room.admit", "id": 7}', (7, "message.malformed")),
        ('{"type": "room.admit", "id": 7, "key": "../../x"}', (7, "message.malformed")),
        ('{"type": "room.extend", "id": 7, "minutes": 61}', (7, "message.malformed")),
        ('{"type": "room.extend", "id": 7, "minutes": "5"}', (7, "message.malformed")),
        ('{"type": "room.start", "id": true}', (None, "message.malformed")),
        ('{"type": "room.start", "id": -1}', (None, "message.malformed")),
        ('{"type": "room.start", "id": 9007199254740992}', (None, "message.malformed")),
        ('{"type": "room.start", "id": 7', (None, "message.malformed")),
        ('{"id": 7}', (7, "message.malformed")),
        ("[]", (None, "message.malformed")),
        ("", (None, "message.malformed")),
        ("\ud800", (None, "message.malformed")),
        ("[" * 60_000, (None, "message.malformed")),
        (" " * (MESSAGE_LIMIT + 1), (None, "message.too_large")),
        ("é" * (MESSAGE_LIMIT // 2 + 1), (None, "message.too_large")),
    ],
)
def test_read_of_what_is_no_command(text: str, expected: tuple[int | None, str]) -> None:
    assert code_of(text) == expected


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
types = st.sampled_from([name_of(one) for one in COMMANDS])


@given(st.text() | values.map(json.dumps))
def test_read_of_any_text_is_a_refusal(text: str) -> None:
    """S5. Kills: an exception of the parser that reaches the socket."""
    assert isinstance(frames.read(text), Refused)


@given(types, st.dictionaries(st.sampled_from(["key", "index", "minutes", "on", "sdp"]), values))
def test_read_of_any_fields_is_a_command_or_a_refusal(kind: str, fields: dict[str, Any]) -> None:
    """S5. Kills: a field whose odd value gets past its type and breaks a handler."""
    found = frames.read(json.dumps({"type": kind, "id": 1, **fields}))
    assert isinstance(found, (Refused, *COMMANDS))
    if isinstance(found, Refused):
        assert (found.id, found.code) == (1, "message.malformed")


def test_write_is_read_by_the_browser_as_json() -> None:
    text = frames.write(Ok(type="ok", id=3))
    assert json.loads(text) == {"type": "ok", "id": 3}
