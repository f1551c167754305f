"""Sealing again: everything under the current key, whole batches at a time, again and again."""

import io
import itertools

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from server.logs import WithoutValues
from sessions.audit.services import OPERATOR
from sessions.core.personal import FIELDS, Personal
from sessions.core.sealing import sealed_with
from sessions.models import Person, PersonalDetails
from sessions.people import key_rotation
from sessions.people.key_rotation import Resealed, reseal_all
from sessions.people.selectors import Opened, details_of
from sessions.people.services import details_change
from tests.people.accounts import account

pytestmark = pytest.mark.django_db
OLD, NEW = f"old:{'o' * 43}", f"new:{'n' * 43}"


def details(number: int) -> Personal:
    return Personal(address=f"{number} Elm St", phone=f"518 555 {number:04}")


@pytest.fixture
def people(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[Person]:
    """Seven clients under the old key; the new one is current now. Batches of three."""
    settings.THIRDS_FIELD_KEYS = OLD
    people = [account(f"Sam {n}") for n in range(7)]
    for number, person in enumerate(people):
        details_change(OPERATOR, person, details(number))
    settings.THIRDS_FIELD_KEYS = f"{NEW},{OLD}"
    monkeypatch.setattr(key_rotation, "BATCH", 3)
    return people


def keys() -> set[str]:
    """The ids of the keys that anything is sealed with."""
    rows = PersonalDetails.objects.values_list(*FIELDS)
    return {sealed_with(value) for row in rows for value in row if value}


def all_read(people: list[Person]) -> None:
    for number, person in enumerate(people):
        assert details_of(person) == Opened(details(number))


def test_all_is_under_the_current_key_and_reads_as_before(
    people: list[Person], settings: Settings
) -> None:
    progress: list[int] = []
    assert reseal_all(progress.append) == Resealed(done=14)
    assert (keys(), progress) == ({"new"}, [3, 6, 7])
    settings.THIRDS_FIELD_KEYS = NEW
    all_read(people)


def test_stopped_half_way_everything_reads_and_the_rest_is_done_the_next_time(
    people: list[Person],
) -> None:
    """Kills: one transaction around all, which begins at nothing each time."""

    def stop(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reseal_all(stop)
    assert keys() == {"old", "new"}
    all_read(people)
    assert reseal_all() == Resealed(done=8)
    assert reseal_all() == Resealed()
    all_read(people)


def test_values_of_each_step_are_read_by_the_processes_of_the_step_before(
    people: list[Person], settings: Settings
) -> None:
    """Processes are restarted one after the other. Kills: a new key that is put in front at once,
    which web processes with the older ring cannot open."""
    steps = (OLD, f"{OLD},{NEW}", f"{NEW},{OLD}", NEW)
    for before, after in itertools.pairwise(steps):
        for writes, reads in ((before, after), (after, before)):
            settings.THIRDS_FIELD_KEYS = f"{OLD},{NEW}"
            details_change(OPERATOR, people[0], Personal())
            settings.THIRDS_FIELD_KEYS = writes
            details_change(OPERATOR, people[0], details(1))
            settings.THIRDS_FIELD_KEYS = reads
            assert details_of(people[0]) == Opened(details(1))


def test_value_that_does_not_open_stays_as_it_is_and_fails_the_command(
    people: list[Person], caplog: pytest.LogCaptureFixture
) -> None:
    broken = PersonalDetails.objects.get(person=people[0])
    PersonalDetails.objects.filter(pk=broken.pk).update(phone="v1.lost.AAAA")
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"^1 values open with no key") as failed:
        call_command("rotate_field_keys", stdout=out)
    assert failed.value.returncode == 1
    assert out.getvalue() == "13 values are sealed again with key new.\n"
    assert [WithoutValues().format(one) for one in caplog.records] == [
        "ERROR sessions.people.key_rotation a sealed value does not open and stays as it is: "
        f"{broken.place('phone')}"
    ]
    assert PersonalDetails.objects.get(pk=broken.pk).phone == "v1.lost.AAAA"


def test_command_says_what_is_no_longer_needed(people: list[Person]) -> None:
    out = io.StringIO()
    call_command("rotate_field_keys", stdout=out)
    assert out.getvalue().splitlines() == [
        "14 values are sealed again with key new.",
        "No longer needed: old.",
    ]
