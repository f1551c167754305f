"""Changes of staff accounts that wait for a second program manager."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from sessions.core.permissions import Role
from sessions.models.keys import public_id
from sessions.models.people import Person


class AccountRequest(models.Model):
    """One change that `asked_by` asked for. It is deleted when it was carried out or taken back;
    the audit keeps that there was one. `email`, `display_name` and `roles` are those of a change;
    the other kinds have none."""

    class Kind(models.TextChoices):
        """What is to be done."""

        CHANGE = "change"
        RESET = "reset"
        OPEN = "open"

    public_id = models.CharField(max_length=32, unique=True, default=public_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    person = models.ForeignKey(Person, models.CASCADE, related_name="account_requests")
    asked_by = models.ForeignKey(Person, models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    email = models.EmailField(blank=True)
    display_name = models.CharField(max_length=24, blank=True)
    roles = ArrayField(models.CharField(max_length=24), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="account_request_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.person}"

    @property
    def role_set(self) -> frozenset[Role]:
        """The roles as the core knows them."""
        return frozenset(Role(role) for role in self.roles)
