"""Audit rows: who did what to whom, when, and what was refused. Only ever added."""

from django.db import models

from sessions.models.people import Person


class AuditEvent(models.Model):
    """`verb` is a permission verb or an account event; `detail` holds codes and ids, no names.

    A planned session that falls out of its track's calendar is deleted; its public id stays in
    `detail`.
    """

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=48)
    outcome = models.CharField(max_length=48)  # "done" or the code of the refusal
    subject = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    session = models.ForeignKey(
        "group_sessions.Session", models.SET_NULL, null=True, related_name="+"
    )
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.verb} {self.outcome}"
