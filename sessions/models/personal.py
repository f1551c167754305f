"""Personal details of clients, sealed column by column (core.sealing)."""

from django.db import models

from sessions.core.sealing import Place
from sessions.models.people import Person


class PersonalDetails(models.Model):
    """Each column holds a sealed value, or nothing. Opened only by `people.selectors`."""

    person = models.OneToOneField(
        Person, models.PROTECT, primary_key=True, related_name="personal_details"
    )
    address = models.TextField(blank=True)
    phone = models.TextField(blank=True)
    contact_name = models.TextField(blank=True)
    contact_phone = models.TextField(blank=True)
    local_emergency = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"personal details {self.pk}"

    def place(self, column: str) -> Place:
        """What a value of this row and column is bound to."""
        return Place(self._meta.db_table, str(self.pk), column)
