"""The migration that brings stored addresses into the form in which they are looked up."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from sessions.models import Person
from tests.world import person

pytestmark = pytest.mark.django_db
migration = import_module("sessions.migrations.0013_addresses_in_one_form")


def test_address_in_its_own_script_gets_the_form_that_is_looked_up() -> None:
    """Kills: an account that cannot sign in because its address was stored earlier; one that takes
    somebody else's address."""
    eva = person("Eva", email="eva@bücher.example")
    sam = person("Sam", email="sam@mail.example")
    older = person("Uwe", email="uwe@bücher.example")
    taken = person("Una", email="uwe@xn--bcher-kva.example")
    with connection.schema_editor() as editor:
        migration.in_one_form(apps, editor)
    assert dict(Person.objects.values_list("pk", "email")) == {
        eva.pk: "eva@xn--bcher-kva.example",
        sam.pk: "sam@mail.example",
        older.pk: "uwe@bücher.example",
        taken.pk: "uwe@xn--bcher-kva.example",
    }
