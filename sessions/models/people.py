"""Accounts. A person has a set of roles and signs in by e-mail; there is no password."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from sessions.core.permissions import Role
from sessions.models.keys import public_id


class PersonManager(BaseUserManager["Person"]):
    """Looks accounts up by e-mail, whatever its case. Accounts are made by services."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """Anyone who signs in.

    `display_name` is what others see (on a roster it may be narrowed further: see
    Enrolment.display_name); `email` is seen by program managers only.
    """

    public_id = models.CharField(max_length=32, unique=True, default=public_id, editable=False)
    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=24)
    roles = ArrayField(models.CharField(max_length=24), default=list)
    is_active = models.BooleanField(default=True)
    zone = models.CharField(max_length=64, blank=True)  # to read times in; empty: the device's
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="person_email_once"),
        ]

    def __str__(self) -> str:
        return f"person {self.public_id}"

    @property
    def role_set(self) -> frozenset[Role]:
        """The roles as the core knows them."""
        return frozenset(Role(role) for role in self.roles)
