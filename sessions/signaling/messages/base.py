"""How a message is declared: one frozen class, and for a command the verb it asks for.

Owns the decorators, the field types that several subjects share, and what can be read of a
message's class: its name on the wire, its verb, its rule id. Knows no message and no Django.
"""

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any, Final, TypeVar, cast, dataclass_transform, get_args

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from sessions.core.permissions import Verb

M = TypeVar("M")

Key = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_-]+$")]
Minutes = Annotated[int, Field(ge=1, le=60)]
Sdp = Annotated[str, Field(max_length=49152)]  # an offer, in bytes as the node counts them
Number = Annotated[int, Field(ge=0, le=2**53 - 1)]  # what a JavaScript number holds exactly

ENVELOPE: Final = frozenset({"type", "id"})
_VERB: Final = "asks_for"


@dataclass_transform(frozen_default=True, kw_only_default=True)
def message(cls: type[M]) -> type[M]:
    """A frozen class whose fields are checked strictly; a field it does not know is refused.

    With a `type` it is sent by the server, without one it is a part of such a message.
    """
    config = ConfigDict(extra="forbid", strict=True)
    made = dataclass(cls, frozen=True, slots=True, kw_only=True, config=config)
    return cast("type[M]", made)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def command(verb: Verb) -> Callable[[type[M]], type[M]]:
    """A message that a browser sends, and the verb that it asks for. Its `id` comes back in the
    one reply; what is neither `type` nor `id` are the arguments of the verb's rule."""

    def declare(cls: type[M]) -> type[M]:
        made = message(cls)
        setattr(made, _VERB, verb)
        return made

    return declare


def declared_in(module: object) -> tuple[type, ...]:
    """The messages of a module, in the order of its text: what has a `type` of its own."""
    of_module = [one for one in vars(module).values() if isinstance(one, type)]
    name = getattr(module, "__name__", "")
    return tuple(
        one for one in of_module if one.__module__ == name and "type" in one.__annotations__
    )


def is_command(kind: type) -> bool:
    """Whether a browser sends it."""
    return hasattr(kind, _VERB)


def verb_of(kind: type) -> Verb:
    """The verb that a command asks for. Raises AttributeError for what is no command."""
    verb: Verb = getattr(kind, _VERB)
    return verb


def name_of(kind: type) -> str:
    """The `type` of a message on the wire."""
    name: str = get_args(kind.__annotations__["type"])[0]
    return name


def rule_of(kind: type) -> str:
    """The rule id with which a message's docstring begins."""
    found = re.match(r"([A-Z]+\d+)\. ", kind.__doc__ or "")
    assert found, f"{kind.__name__} has no rule id"
    return found[1]


def arguments_of(asked: Any) -> dict[str, Any]:
    """What a command says beside `type` and `id`."""
    names = (field.name for field in fields(asked))
    return {name: getattr(asked, name) for name in names if name not in ENVELOPE}
