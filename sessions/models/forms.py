"""Answers to forms, kept for a short time (web.idempotency)."""

from django.db import models

from sessions.core.sealing import Place
from sessions.models.keys import public_id
from sessions.models.people import Person


class FormAnswer(models.Model):
    """What the first submission of a form led to. `key` is a digest that names the submission;
    `sealed` has the redirect or the page, which may show personal details."""

    key = models.CharField(max_length=64, primary_key=True)
    public_id = models.CharField(max_length=32, unique=True, default=public_id, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField(db_index=True)
    sealed = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["person", "at"], name="form_answer_of_person")]

    def __str__(self) -> str:
        return f"form answer {self.public_id}"

    @property
    def place(self) -> Place:
        """What the sealed value is bound to."""
        return Place(self._meta.db_table, self.key, "sealed")
