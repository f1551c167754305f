"""Audit rows are signed, and no longer change when a session is deleted.

Rows that were written before are signed now: what they say of the time before is as good as the
database was.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from sessions.core.audit_chain import Row, sign
from sessions.core.key_ring import KeyRing


def sign_what_there_is(apps, schema_editor):
    Event = apps.get_model("group_sessions", "AuditEvent")
    keys = KeyRing.parse(settings.THIRDS_AUDIT_KEYS)
    for event in Event.objects.order_by("pk").iterator():
        event.key, event.mac_key = uuid.uuid4(), keys.current
        row = Row(
            str(event.key), event.at, event.actor_id, event.verb, event.outcome,
            event.subject_id, event.session_id, event.detail, keys.current,
        )
        event.mac = sign(row, keys)
        event.save(update_fields=["key", "mac_key", "mac"])


class Migration(migrations.Migration):
    dependencies = [("group_sessions", "0001_initial")]

    operations = [
        migrations.AlterField(
            "auditevent",
            "session",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="group_sessions.session",
            ),
        ),
        migrations.AddField("auditevent", "key", models.UUIDField(null=True)),
        migrations.AddField(
            "auditevent", "mac_key", models.CharField(max_length=16, default=""), preserve_default=False
        ),
        migrations.AddField(
            "auditevent", "mac", models.BinaryField(max_length=32, default=b""), preserve_default=False
        ),
        migrations.RunPython(sign_what_there_is, migrations.RunPython.noop),
    ]
