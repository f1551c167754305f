"""The tables of docs/protocol.md, from the messages: rule ids and sentences are their docstrings.

Owns which table a message belongs to and how a row is written; the prose between the tables is
the page's own. Knows no Django. `python -m server.generated` writes the page.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from sessions.core.permissions import TABLE, Grant
from sessions.signaling.messages import COMMANDS, EVENTS
from sessions.signaling.messages.base import name_of, rule_of, verb_of
from sessions.signaling.messages.connection import CLOSES

TARGET: Final = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
_MARKED: Final = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

WHO: Final[Mapping[Grant, str]] = {
    Grant.SIGNED_IN: "anyone signed in",
    Grant.ON_ROSTER: "roster",
    Grant.MAY_COME: "roster, staff",
    Grant.STAFFS: "staff",
    Grant.LEADS: "staff",
    Grant.IN_ROOM: "in the room",
    Grant.MANAGES: "program manager",
}


def sentence_of(kind: type) -> str:
    """A message's docstring without its rule id, as one line."""
    text = " ".join((kind.__doc__ or "").split())
    return text.removeprefix(f"{rule_of(kind)}. ")


def replies() -> tuple[type, ...]:
    """What answers one command: it has the command's `id`."""
    return tuple(kind for kind in EVENTS if "id" in kind.__annotations__)


def stream_events() -> tuple[type, ...]:
    """What is numbered in the room's stream."""
    return tuple(kind for kind in EVENTS if "seq" in kind.__annotations__)


def passing_events() -> tuple[type, ...]:
    """The rest: outside the stream, and no answer."""
    others = {*replies(), *stream_events()}
    return tuple(kind for kind in EVENTS if kind not in others)


def page(text: str) -> str:
    """The page with its tables as the messages say. A marker of no table raises KeyError."""
    return _MARKED.sub(lambda found: found[1] + _TABLES[found[2]]() + found[3], text)


def _who(kind: type) -> str:
    return ", ".join(sorted({WHO[grant] for grant in TABLE[verb_of(kind)]}))


def _commands() -> str:
    rows = [(*_named(kind), _who(kind), sentence_of(kind)) for kind in COMMANDS]
    return _table(("id", "type", "class", "who", "what it does"), rows)


def _listed(kinds: Callable[[], tuple[type, ...]]) -> Callable[[], str]:
    def table() -> str:
        in_order = sorted(kinds(), key=_number)
        rows = [(*_named(kind), sentence_of(kind)) for kind in in_order]
        return _table(("id", "type", "class", "what it says"), rows)

    return table


def _number(kind: type) -> int:
    return int(re.sub(r"\D", "", rule_of(kind)))


def _closes() -> str:
    rows = [
        (str(number), f"`{one.code}`" + (f": {one.meaning}" if one.meaning else ""), one.browser)
        for number, one in CLOSES.items()
    ]
    return _table(("code", "meaning", "the browser"), rows)


def _named(kind: type) -> tuple[str, str, str]:
    return rule_of(kind), f"`{name_of(kind)}`", kind.__name__


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines).replace("| --- ", "|---")


_TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "commands": _commands,
    "replies": _listed(replies),
    "events": _listed(stream_events),
    "passing": _listed(passing_events),
    "closes": _closes,
}
