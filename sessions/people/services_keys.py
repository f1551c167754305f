"""Sealing everything anew under the current key, so that an older one can be taken away.

Owns which tables hold sealed values. One small transaction after the other: it may be stopped at
any time and started again, and what was sealed anew is passed over. Writes no value it cannot
open: that one is counted and left as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from sessions.core.personal import FIELDS
from sessions.core.sealing import SealError
from sessions.models import PersonalDetails
from sessions.models.sealing import is_current, seal, unseal

BATCH: Final = 100  # rows


@dataclass(frozen=True, slots=True)
class Resealed:
    """How it went: values sealed anew, and values that no key of the ring opens."""

    done: int = 0
    broken: int = 0

    def __add__(self, other: "Resealed") -> "Resealed":
        return Resealed(self.done + other.done, self.broken + other.broken)


def reseal_all(told: Callable[[int], None] = lambda rows: None) -> Resealed:
    """Goes through every row in batches; `told` hears how many rows were looked at so far."""
    total, after, looked = Resealed(), 0, 0
    while page := _page(after):
        total += _reseal_page(page)
        after, looked = page[-1], looked + len(page)
        told(looked)
    return total


def _page(after: int) -> Sequence[int]:
    rows = PersonalDetails.objects.filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _reseal_page(page: Sequence[int]) -> Resealed:
    rows = PersonalDetails.objects.select_for_update().filter(pk__in=page).order_by("pk")
    return sum((_reseal(row) for row in rows), Resealed())


def _reseal(row: PersonalDetails) -> Resealed:
    result, fields = Resealed(), []
    for name in FIELDS:
        sealed = getattr(row, name)
        if not sealed or is_current(sealed):
            continue
        try:
            setattr(row, name, seal(unseal(sealed, row.place(name)), row.place(name)))
        except SealError:
            result += Resealed(broken=1)
            continue
        fields.append(name)
    if fields:
        row.save(update_fields=fields)
    return result + Resealed(done=len(fields))
