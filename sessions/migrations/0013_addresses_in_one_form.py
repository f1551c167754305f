"""Addresses that were stored with a domain in its own script get the form that is looked up."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from sessions.core.typed.email import email_address


def in_one_form(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    """An address that is no address, or that somebody else has in this form already, stays: a
    program manager settles it."""
    people = apps.get_model("group_sessions", "Person").objects
    for person in people.exclude(email__regex=r"^[ -~]*$"):
        address = email_address(person.email)
        if isinstance(address, str) and not people.filter(email=address).exists():
            people.filter(pk=person.pk).update(email=address)


class Migration(migrations.Migration):

    dependencies = [
        ("group_sessions", "0012_account_requests"),
    ]

    operations = [
        migrations.RunPython(in_one_form, migrations.RunPython.noop),
    ]
