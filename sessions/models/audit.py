"""Audit rows: who did what to whom, when, and what was refused; and the chain that links them.

Both are only ever added: triggers refuse any other change (migration 0003), and the role that
web and worker connect as has no right to one (`models.rights`).
"""

import uuid

from django.db import models

from sessions.models.people import Person


class AuditEvent(models.Model):
    """`verb` is a permission verb or an account event; `detail` holds codes and ids, no names.

    A planned session that falls out of its track's calendar is deleted, and no row changes with
    it: `session` then leads nowhere; its public id stays in `detail`. `mac` is the row's
    signature (core.audit_chain), with the key that `mac_key` names.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=48)
    outcome = models.CharField(max_length=48)  # "done" or the code of the refusal
    subject = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    session = models.ForeignKey(
        "group_sessions.Session",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
    )
    detail = models.JSONField(default=dict)
    mac_key = models.CharField(max_length=16)
    mac = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.verb} {self.outcome}"


class AuditLink(models.Model):
    """The place of an audit row in the chain: made by the worker, in the order of commits."""

    number = models.PositiveBigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, models.PROTECT, related_name="link")
    mac_key = models.CharField(max_length=16)
    digest = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"link {self.number}"
