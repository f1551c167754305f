"""The table against what can be asked: no address, command or verb without the others."""

import pytest

from server import surface
from server.surface import NOT_ASKED, OPEN, WITHIN, Address
from sessions.core.permissions import TABLE, Verb
from sessions.signaling.messages import COMMANDS
from sessions.signaling.messages.base import verb_of


@pytest.mark.parametrize("address", surface.addresses(), ids=lambda one: one.name)
def test_every_address_bears_a_verb_or_says_why_not(address: Address) -> None:
    """Kills: a page without a line in the table, an allauth page that nobody meant to open."""
    marks = [address.verb is not None, address.own, address.name in OPEN]
    assert sum(marks) == 1


def test_every_command_bears_a_verb_of_the_table() -> None:
    assert {verb_of(kind) for kind in COMMANDS} <= set(TABLE)
    assert len(surface.commands()) == len(COMMANDS)


def test_every_verb_has_a_line_and_every_line_a_use() -> None:
    """Kills: a verb that nothing asks, which nobody would miss when its line is wrong."""
    pages = {one.verb for one in surface.addresses() if one.verb}
    used = pages | set(surface.commands().values()) | set(WITHIN) | set(NOT_ASKED)
    assert used == set(Verb) == set(TABLE)


def test_exceptions_name_what_there_is() -> None:
    """Kills: an exception that outlives its page."""
    names = {one.name for one in surface.addresses()}
    assert set(OPEN) | set(WITHIN.values()) <= names
