"""The generated TypeScript: how a message is spelt there."""

import pytest

from sessions.core.agenda import SegmentKind
from sessions.signaling import typescript
from sessions.signaling.messages import COMMANDS, EVENTS


def test_typescript_has_an_interface_for_every_message() -> None:
    text = typescript.generate()
    for message in (*COMMANDS, *EVENTS):
        assert text.count(f"export interface {message.__name__} {{\n") == 1


@pytest.mark.parametrize(
    ("schema", "spelt"),
    [
        ({"type": "integer", "minimum": 0}, "number"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, 'ReadonlyArray<"a" | "b">'),
        ({"$ref": "#/$defs/MeView"}, "MeView"),
        ({"const": "hello", "type": "string"}, '"hello"'),
    ],
)
def test_spell_of_a_schema(schema: typescript.Schema, spelt: str) -> None:
    assert typescript.spell(schema) == spelt


def test_enum_of_the_core_is_a_named_union() -> None:
    text = typescript.generate()
    kinds = " | ".join(f'"{kind}"' for kind in SegmentKind)
    assert f"export type SegmentKind = {kinds};\n" in text
    assert "readonly kind: SegmentKind;\n" in text


def test_spell_of_an_unknown_construct_raises() -> None:
    with pytest.raises(KeyError):
        typescript.spell({"type": "object"})


def test_interface_field_with_a_default_may_be_left_out() -> None:
    schema = {
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "on": {"type": "boolean"}},
    }
    expected = "export interface Hello {\n  readonly id: number;\n  readonly on?: boolean;\n}\n"
    assert typescript.interface("Hello", schema) == expected
