"""No bytes from outside raise an exception in any parser, or cost more than their length allows.

`python -m tests.media.fuzz` does the same for as long as one likes.
"""

import importlib
import inspect
import pkgutil
import random
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import server.media
from tests.media.parsers import PARSERS, Parser, mutated, open_node

EXAMPLES = 150  # of each parser
WORK_EXAMPLES = 60
LINES_A_BYTE, LINES_AT_ALL = 40, 3000
NOT_FROM_OUTSIDE = {"configuration.read"}  # the environment that the node is started with


def readers() -> Iterator[str]:
    """Every function of the media node that reads, by its name."""
    for found in pkgutil.iter_modules(server.media.__path__):
        if found.name == "__main__":
            continue
        module = importlib.import_module(f"server.media.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and name.split("_")[0] == "read":
                yield f"{found.name}.{name}"


def test_every_parser_has_its_case() -> None:
    """Kills: a new `read_…` that nobody fuzzes."""
    cases = {parser.name for parser in PARSERS}
    assert set(readers()) - cases == NOT_FROM_OUTSIDE


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_valid_input_is_taken(parser: Parser) -> None:
    for example in parser.examples:
        assert parser.parse(example) is not None


def inputs(parser: Parser) -> st.SearchStrategy[bytes]:
    """Any bytes, valid input cut anywhere, and valid input with changes."""
    example = st.sampled_from(parser.examples)
    cut = st.builds(lambda whole, at: whole[: at % (len(whole) + 1)], example, st.integers(0, 2000))
    changed = st.builds(lambda r: mutated(r, parser.examples), st.randoms(use_true_random=False))
    return st.one_of(st.binary(max_size=200), cut, changed)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_bytes_are_taken_or_refused(parser: Parser, data: st.DataObject) -> None:
    parser.parse(data.draw(inputs(parser)))


def lines_of(parser: Parser, given: bytes) -> int:
    """How many lines of the node's code run for this input."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if "server/media" not in frame.f_code.co_filename.replace("\\", "/"):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parser.parse(given)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_work_is_bounded_by_the_length_of_the_input(parser: Parser) -> None:
    """NodeLinks that run, not seconds: a busy machine changes nothing.

    Kills: walking all that a NACK names, however often; searching a list for each entry.
    """
    chance = random.Random(parser.name)
    for _ in range(WORK_EXAMPLES):
        made = mutated(chance, parser.examples) * chance.choice((1, 1, 5))
        made = made[:1400] if parser.name.startswith(("path", "rtcp", "stun", "dtls")) else made
        open_node()  # a new one, where the input before ended a peer: that is not this one's work
        assert lines_of(parser, made) <= LINES_AT_ALL + LINES_A_BYTE * len(made)
