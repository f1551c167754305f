"""The rule by which `./test quick` chooses its tests."""

import pytest

from tests.quick import goes_outside, is_quick


@pytest.mark.parametrize(
    ("module", "outside"),
    [
        ("tests.core.test_agenda", False),
        ("tests.media.test_stun", False),
        ("tests.launcher.test_tether", True),  # starts processes itself
        ("tests.media.test_bounds", True),  # a node, by tests.media.running
        ("tests.e2e.test_first_group", True),  # a browser, by tests.e2e.people
        ("tests.bench.test_room", True),  # services, by bench.stack
    ],
)
def test_module_goes_outside_when_anything_it_imports_of_ours_does(
    module: str, outside: bool
) -> None:
    """Kills: looking at the module's own imports alone."""
    assert goes_outside(module) is outside


def test_test_that_asks_for_the_database_is_not_quick(request: pytest.FixtureRequest) -> None:
    assert is_quick(request.node)
    request.node.add_marker(pytest.mark.django_db)
    assert not is_quick(request.node)
