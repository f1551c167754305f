"""Personal details of clients: every column but the last holds sealed values."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("group_sessions", "0003_audit_append_only")]

    operations = [
        migrations.CreateModel(
            name="PersonalDetails",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="personal_details",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("address", models.TextField(blank=True)),
                ("phone", models.TextField(blank=True)),
                ("contact_name", models.TextField(blank=True)),
                ("contact_phone", models.TextField(blank=True)),
                ("local_emergency", models.TextField(blank=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
    ]
