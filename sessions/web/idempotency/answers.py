"""The rows of answers to forms: found by the submission's key, sealed, and forgotten in an hour.

Owns how long and how many are kept, and that one submission is worked on at a time, in every
process. Must not know requests.
"""

import base64
import json
import zlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from sessions.core.sealing import SealError
from sessions.models import FormAnswer, Person
from sessions.models.sealing import seal, unseal

KEPT: Final = timedelta(hours=1)
MOST_OF_A_PERSON: Final = 50  # the oldest go first
MOST_OF_STRANGERS: Final = 5_000  # one more is not kept: their forms work as they would without it
FORGOTTEN_AT_ONCE: Final = 200  # rows, with each new one


@dataclass(frozen=True, slots=True)
class Answer:
    """What a submission led to: a redirect to `location`, which shows `page` if there is one.

    `browser` is a digest of the browser's secret. `session_key` is of the login session after the
    submission, and `messages` (level, text) are for the next page.
    """

    location: str
    browser: str
    session_key: str = ""
    messages: tuple[tuple[int, str], ...] = ()
    clear_site_data: str = ""
    status: int = 0
    page: str = ""


def lock(key: str) -> None:
    """Until the transaction ends, nobody else works on a submission with this key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"form:{key}"])


def find(key: str, now: datetime) -> tuple[Answer, timedelta] | None:
    """The answer to this submission and its age, if there is one."""
    row = FormAnswer.objects.filter(key=key, at__gt=now - KEPT).first()
    found = _opened(row) if row else None
    return (found, now - row.at) if row and found else None


def find_page(public_id: str, person: Person | None, now: datetime) -> Answer | None:
    """The page of this address, which was made for this person."""
    row = _of(public_id, person).filter(at__gt=now - KEPT).first()
    return _opened(row) if row else None


def drop_page(public_id: str, person: Person | None) -> None:
    """The form of this page was sent: its address shows the form as it is then."""
    _of(public_id, person).delete()


def keep(key: str, public_id: str, person: Person | None, answer: Answer, now: datetime) -> bool:
    """Whether it is kept: strangers are many, and their rows have a bound together."""
    forget_expired(now)
    if person is None:
        if FormAnswer.objects.filter(person=None)[:MOST_OF_STRANGERS].count() >= MOST_OF_STRANGERS:
            return False
    else:
        mine = FormAnswer.objects.filter(person=person).order_by("-at", "pk").values("pk")
        FormAnswer.objects.filter(pk__in=mine[MOST_OF_A_PERSON - 1 :]).delete()
    row = FormAnswer(key=key, public_id=public_id, person=person, at=now)
    row.sealed = seal(_packed(answer), row.place)
    row.save(force_insert=True)
    return True


def forget_expired(now: datetime, most: int | None = FORGOTTEN_AT_ONCE) -> None:
    """Takes out rows that are too old. Two at once take out different ones."""
    old = FormAnswer.objects.filter(at__lte=now - KEPT).select_for_update(skip_locked=True)
    keys = [row.key for row in old.only("key")[:most]]
    if keys:
        FormAnswer.objects.filter(key__in=keys).delete()


def _of(public_id: str, person: Person | None) -> QuerySet[FormAnswer]:
    return FormAnswer.objects.filter(public_id=public_id, person=person)


def _packed(answer: Answer) -> str:
    return base64.b85encode(zlib.compress(json.dumps(asdict(answer)).encode())).decode()


def _opened(row: FormAnswer) -> Answer | None:
    """None if its key was taken off the ring meanwhile: then the form is sent again."""
    try:
        text = unseal(row.sealed, row.place)
    except SealError:
        return None
    values = json.loads(zlib.decompress(base64.b85decode(text)))
    values["messages"] = tuple((level, words) for level, words in values["messages"])
    return Answer(**values)
