"""Key rotation: seals every value under the current key, so that older keys can be removed.

Owns which tables hold sealed values. Works in small transactions: it may be stopped at any time
and started again, and skips values that are already under the current key. A value that it cannot
open is counted, named in the log by its place, and left as it is.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.db import models, transaction

from sessions.core.personal import FIELDS
from sessions.core.sealing import Place, SealError
from sessions.models import PersonalDetails
from sessions.models.sealing import is_current, seal, unseal
from sessions.people.second_factor.sealing import SEALED, place_of

log = logging.getLogger(__name__)

BATCH: Final = 100  # rows


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many values were sealed again, and how many no key of the ring opens."""

    done: int = 0
    broken: int = 0

    def __add__(self, other: "Resealed") -> "Resealed":
        return Resealed(self.done + other.done, self.broken + other.broken)


def reseal_all(progress: Callable[[int], None] = lambda rows: None) -> Resealed:
    """Goes through every row in batches; calls `progress` with the number of rows read so far."""
    total, looked = Resealed(), 0
    for table, reseal in TABLES:
        after = 0
        while page := _page(table, after):
            total += _reseal_page(table, reseal, page)
            after, looked = page[-1], looked + len(page)
            progress(looked)
    return total


def _page(table: type[models.Model], after: int) -> Sequence[int]:
    rows = table._default_manager.filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _reseal_page(
    table: type[models.Model], reseal: Callable[[Any], Resealed], page: Sequence[int]
) -> Resealed:
    rows = table._default_manager.select_for_update().filter(pk__in=page).order_by("pk")
    return sum((reseal(row) for row in rows), Resealed())


def _reseal_details(row: PersonalDetails) -> Resealed:
    older = [name for name in FIELDS if getattr(row, name) and not is_current(getattr(row, name))]
    sealed = {name: _resealed(getattr(row, name), row.place(name)) for name in older}
    opened = {name: value for name, value in sealed.items() if value is not None}
    for name, value in opened.items():
        setattr(row, name, value)
    if opened:
        row.save(update_fields=list(opened))
    return Resealed(done=len(opened), broken=len(sealed) - len(opened))


def _reseal_factor(row: Authenticator) -> Resealed:
    """An app's secret or the seed of recovery codes; a passkey has no sealed value."""
    older = [name for name in SEALED & row.data.keys() if not is_current(row.data[name])]
    sealed = {name: _resealed(row.data[name], place_of(row.user)) for name in older}
    opened = {name: value for name, value in sealed.items() if value is not None}
    row.data |= opened
    if opened:
        row.save(update_fields=["data"])
    return Resealed(done=len(opened), broken=len(sealed) - len(opened))


def _resealed(sealed: str, place: Place) -> str | None:
    """The value under the current key; None, and its place in the log, if it does not open."""
    try:
        return seal(unseal(sealed, place), place)
    except SealError as fault:
        log.error("a sealed value does not open and stays as it is: %s", fault.place)
        return None


TABLES: Final = ((PersonalDetails, _reseal_details), (Authenticator, _reseal_factor))
