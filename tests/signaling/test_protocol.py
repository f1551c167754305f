"""docs/protocol.md is complete, and every rule id has a test that is named after it."""

import re
from pathlib import Path

import pytest

from sessions.rooms import verbs
from sessions.signaling.commands import OWN
from sessions.signaling.farewell import CODES
from sessions.signaling.messages import COMMANDS, EVENTS
from sessions.signaling.messages.base import name_of, rule_of, verb_of
from sessions.signaling.messages.connection import CLOSE_CODES
from sessions.signaling.reading import ENDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text()
RULES = sorted(
    set(re.findall(r"\| ([A-Z]+\d+) \|", PAGE)) | set(re.findall(r"\*([A-Z]+\d)\*", PAGE))
)


@pytest.mark.parametrize("message", [*COMMANDS, *EVENTS], ids=lambda one: one.__name__)
def test_protocol_page_has_a_line_for_every_message(message: type) -> None:
    row = f"| {rule_of(message)} | `{name_of(message)}` | {message.__name__} |"
    assert PAGE.count(row) == 1


def test_protocol_page_has_the_close_codes_and_no_others() -> None:
    rows = dict(re.findall(r"^\| (4\d\d\d) \| `([a-z_.]+)`", PAGE, re.MULTILINE))
    assert {int(code): name for code, name in rows.items()} == CLOSE_CODES


def test_protocol_every_command_has_one_handler() -> None:
    by_rule = {kind for kind in COMMANDS if verb_of(kind) in verbs.RULES}
    assert by_rule.isdisjoint(OWN)
    assert by_rule | set(OWN) == set(COMMANDS)


def test_protocol_every_end_has_a_close_code() -> None:
    assert [code for code in ENDS.values() if code not in CODES] == []


@pytest.mark.parametrize("rule", RULES)
def test_protocol_rule_has_a_test_named_after_it(rule: str) -> None:
    """`test_av1_...`: the registry is read from the page, the words from the tests' names."""
    words = {
        word
        for path in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"def test_(\w+)", path.read_text())
        for word in name.split("_")
    }
    assert rule.lower() in words
