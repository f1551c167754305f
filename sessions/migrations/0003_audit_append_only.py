"""Audit rows and links are only ever added: triggers refuse whatever else is tried, for every
role that cannot switch triggers off (PostgreSQL, section 37)."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

REFUSE = """
CREATE FUNCTION thirds_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""
TRIGGERS = """
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION thirds_only_added();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION thirds_only_added();
"""
TABLES = ("group_sessions_auditevent", "group_sessions_auditlink")
DROP = "DROP TRIGGER only_added ON {table}; DROP TRIGGER never_emptied ON {table};"


class Migration(migrations.Migration):
    dependencies = [("group_sessions", "0002_audit_signed")]

    operations = [
        migrations.AlterField(
            "auditevent",
            "key",
            models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("mac_key", models.CharField(max_length=16)),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="link",
                        to="group_sessions.auditevent",
                    ),
                ),
            ],
            options={"ordering": ["number"]},
        ),
        migrations.RunSQL(REFUSE, "DROP FUNCTION thirds_only_added()"),
        *[
            migrations.RunSQL(TRIGGERS.format(table=table), DROP.format(table=table))
            for table in TABLES
        ],
    ]
