"""Linking audit rows into the chain, in the order in which they are committed.

Owns which rows are still to be linked and who may link: one transaction at a time, by an advisory
lock that only sealers take, so no verb waits for it. A row whose own signature is wrong is left
out and said once; `verify_audit` names it. Knows nothing of what a row says.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from sessions.audit.rows import audit_keys, link_of, row_of
from sessions.core.audit_chain import Chain, Link, is_signed
from sessions.models import AuditEvent, AuditLink

log = logging.getLogger(__name__)

PAGE: Final = 1000  # rows in one transaction
SETTLED_S: Final = 120.0  # by then a transaction that took an earlier id has ended
WHOLE_S: Final = 3600.0  # how often every row is looked at, for one that took longer


@dataclass(slots=True)
class Sealer:
    """One process's sealing; `seal` once a second, from one thread. `clock` is monotonic."""

    clock: Callable[[], float] = time.monotonic
    known: Link | None = None  # the end of the chain, as this process saw it last
    settled: int = 0  # rows up to this id are linked
    seen: deque[tuple[float, int]] = field(default_factory=deque)
    whole_at: float = 0.0  # when every row is looked at again
    reported: set[int] = field(default_factory=set)  # wrong rows that the log names already

    def seal(self) -> "Sealed":
        """Links what is committed and not linked yet. Idle while another process does it."""
        made, after, lost = 0, self._start(), None
        while True:
            with transaction.atomic():
                if not _may_link():
                    break
                lost = lost or self._lost()
                page = list(_unlinked(after)[:PAGE])
                links, end = self._link(page)
            made, self.known = made + links, end  # committed
            if page:
                after = page[-1].pk
                self.seen.append((self.clock(), after))
            if len(page) < PAGE:
                break
        return Sealed(made, self.known, lost)

    def _start(self) -> int:
        """The id after which to look: past rows that were looked at long ago; once an hour 0."""
        now = self.clock()
        while self.seen and self.seen[0][0] < now - SETTLED_S:
            self.settled = max(self.settled, self.seen.popleft()[1])
        if now < self.whole_at:
            return self.settled
        self.whole_at = now + WHOLE_S
        return 0

    def _lost(self) -> Link | None:
        """The end of the chain as this process saw it last, if it is not there any more."""
        if self.known is None or _holds(self.known):
            return None
        log.critical("the audit chain was changed at link %d: run verify_audit", self.known.number)
        return self.known

    def _link(self, page: list[AuditEvent]) -> tuple[int, Link | None]:
        """How many links were made, and the end of the chain."""
        keys, last = audit_keys(), AuditLink.objects.last()
        end = link_of(last) if last else None
        chain = Chain(end.number, end.digest) if end else Chain()
        right = [event for event in page if self._is_right(event)]
        links = [chain.append(event.pk, row_of(event), keys) for event in right]
        AuditLink.objects.bulk_create([_stored(link) for link in links])
        return len(links), links[-1] if links else end

    def _is_right(self, event: AuditEvent) -> bool:
        if is_signed(row_of(event), bytes(event.mac), audit_keys()):
            return True
        if event.pk not in self.reported:
            log.critical("audit row %d was not written by Thirds: run verify_audit", event.pk)
            self.reported.add(event.pk)
        return False


@dataclass(frozen=True, slots=True)
class Sealed:
    """How a round went: links made, the end of the chain now, and an end that is gone."""

    made: int
    end: Link | None
    lost: Link | None = None


def _may_link() -> bool:
    """Until the transaction ends nobody else links. False: somebody else does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('audit chain'))")
        return bool(cursor.fetchone() == (True,))


def _unlinked(after: int) -> QuerySet[AuditEvent]:
    links = AuditLink.objects.filter(event=OuterRef("pk"))
    return AuditEvent.objects.filter(~Exists(links), pk__gt=after).order_by("pk")


def _holds(link: Link) -> bool:
    stored = AuditLink.objects.filter(number=link.number).first()
    return stored is not None and link_of(stored) == link


def _stored(link: Link) -> AuditLink:
    return AuditLink(
        number=link.number, event_id=link.event, mac_key=link.mac_key, digest=link.digest
    )
