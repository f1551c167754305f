"""Sign-in by code: the code that is live for an address, and the wrong ones typed for it.

Neither table holds an address or a code. `address` is a keyed digest (people.codes.digests), the
same kind for addresses that no account has, so that a stranger cannot tell them apart; `nonce`
gives the code only together with the server's secret key.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class SignInCode(models.Model):
    """The one code of an address. Its row is the lock under which codes are compared."""

    address = models.CharField(max_length=64, primary_key=True)
    nonce = models.BinaryField(max_length=16)
    made_at = models.DateTimeField()
    until = models.DateTimeField()
    used = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"code of {self.made_at}"


class WrongCodes(models.Model):
    """Wrong codes typed for an account: by browsers that never signed in to it (`device` is
    empty), or by one that did. See core.guesses."""

    account = models.CharField(max_length=64)
    device = models.CharField(max_length=64, blank=True)
    recent = ArrayField(models.DateTimeField(), default=list)
    total = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "device"], name="wrong_codes_once"),
        ]

    def __str__(self) -> str:
        return f"{self.total} wrong codes"
