"""Every message has its row in docs/protocol.md, its handler, and a test named after its rule."""

import re
from pathlib import Path

import pytest

from sessions.rooms.verbs import RULES
from sessions.signaling.commands import OWN
from sessions.signaling.farewell import CODES
from sessions.signaling.messages import COMMANDS, EVENTS
from sessions.signaling.messages.base import name_of, rule_of, verb_of
from sessions.signaling.reading import ENDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "protocol.md").read_text()
MESSAGES = (*COMMANDS, *EVENTS)
RULE_IDS = sorted(
    set(re.findall(r"\| ([A-Z]+\d+) \|", PAGE)) | set(re.findall(r"\*([A-Z]+\d)\*", PAGE))
)


def test_protocol_every_message_has_a_rule_id_of_its_own() -> None:
    """Kills: a message pasted from another one, docstring and all."""
    rules = [rule_of(kind) for kind in MESSAGES]
    assert sorted(rules) == sorted(set(rules))


def test_protocol_page_has_a_row_for_every_message() -> None:
    """Kills: a message that belongs to none of the page's tables."""
    rows = [f"| {rule_of(one)} | `{name_of(one)}` | {one.__name__} |" for one in MESSAGES]
    assert [row for row in rows if PAGE.count(row) != 1] == []


def test_protocol_every_command_has_a_handler_or_a_rule() -> None:
    """Kills: a command that nothing answers, or that is answered without its rule. Leaving has
    both: the connection ends at once, and its rule follows when rows can be written."""
    assert [one for one in COMMANDS if one not in OWN and verb_of(one) not in RULES] == []
    assert [name_of(one) for one in OWN if verb_of(one) in RULES] == ["me.leave"]


def test_protocol_every_end_has_a_close_code() -> None:
    assert [code for code in ENDS.values() if code not in CODES] == []


@pytest.mark.parametrize("rule", RULE_IDS)
def test_protocol_rule_has_a_test_named_after_it(rule: str) -> None:
    """`test_av1_...`: the registry is read from the page, the words from the tests' names."""
    words = {
        word
        for path in Path(__file__).parents[1].rglob("test_*.py")
        for name in re.findall(r"def test_(\w+)", path.read_text())
        for word in name.split("_")
    }
    assert rule.lower() in words
