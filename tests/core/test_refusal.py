"""Every code has its words, and the words keep the house's rules: REF1 to REF3."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessions.core.refusal import REFUSALS, Refuse, sentence

ROOT = Path(__file__).parents[2]
UNWANTED = re.compile(
    r"\b(error|invalid|failed|failure|expired|kicked|denied|oops|please)\b|!", re.I
)
CODE = re.compile(r"[a-z]+\.[a-z_]+")


def _is_refuse(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name | ast.Attribute)
        and (node.func.id if isinstance(node.func, ast.Name) else node.func.attr) == "Refuse"
    )


def codes_in(source: str) -> Iterator[str]:
    """The codes written out in calls of Refuse, both arms of a conditional included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _is_refuse(node):
            named = [word.value for word in node.keywords if word.arg == "code"]
            for value in (*node.args[:1], *named):
                yield from _literals(value)


def _literals(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _literals(value.body)
        yield from _literals(value.orelse)


def codes_used() -> dict[str, str]:
    files = [path for top in ("sessions", "server") for path in (ROOT / top).rglob("*.py")]
    return {
        code: str(path.relative_to(ROOT)) for path in files for code in codes_in(path.read_text())
    }


def test_ref1_the_walk_finds_every_way_to_write_a_code() -> None:
    source = 'x = Refuse("a.b")\ny = r.Refuse(code="c.d")\nz = Refuse("e.f" if x else "g.h", {})'
    assert sorted(codes_in(source)) == ["a.b", "c.d", "e.f", "g.h"]


def test_ref1_every_code_in_the_sources_has_its_words() -> None:
    """Kills: a new refusal without a sentence."""
    used = codes_used()
    assert {code: path for code, path in used.items() if code not in REFUSALS} == {}


@pytest.mark.parametrize("code", REFUSALS)
def test_ref2_words_are_the_houses(code: str) -> None:
    """Kills: a sentence that blames, or that speaks of errors."""
    words = REFUSALS[code]
    assert CODE.fullmatch(code)
    assert UNWANTED.findall(words) == []
    assert words[0].isupper()
    assert words[-1] in ".?”"
    assert len(re.findall(r"[.?](?:\s|$)", words)) <= 3


def test_ref3_blanks_are_filled_from_the_detail() -> None:
    words = sentence(Refuse("agenda.no_time_left", {"minutes": 3}))
    assert words.startswith("The later parts can give 3 min, not more.")


@pytest.mark.parametrize("code", REFUSALS)
def test_ref3_a_blank_nobody_filled_is_no_fault(code: str) -> None:
    assert "{" not in sentence(Refuse(code))


def test_ref3_an_unlisted_code_is_a_fault() -> None:
    with pytest.raises(KeyError):
        sentence(Refuse("no.such_code"))


def test_ref3_refusals_are_values() -> None:
    assert Refuse("a.b", {"n": 1}) == Refuse("a.b", {"n": 1})
    assert {Refuse("a.b"), Refuse("a.b")} == {Refuse("a.b")}
