"""Jobs of the queue: one service call each. Knows nothing of when or where they run."""

import logging
from importlib import import_module
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from procrastinate.contrib.django import app

from sessions.audit.verifying import verify_stored, words
from sessions.core.audit_chain import Finding
from sessions.people.codes.guesses import sweep
from sessions.scheduling.services import tracks_replan
from sessions.web.idempotency.answers import forget_expired

log = logging.getLogger(__name__)

AUDIT_STATE: Final = "audit:verified"  # key of the cache: whether the last look found all right
AUDIT_STATE_S: Final = 60 * 60 * 36  # seconds; two nights without a look, and nothing is known


@app.periodic(cron="17 3 * * *")
@app.task(name="clear_expired_sign_ins", queueing_lock="clear_expired_sign_ins")
def clear_expired_sign_ins(timestamp: int) -> None:
    """Forgets sign-ins and codes that have run out, each night. `timestamp` is the hour it was due."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    sweep(timezone.now())


@app.periodic(cron="7 * * * *")
@app.task(name="follow_zone_rules", queueing_lock="follow_zone_rules")
def follow_zone_rules(timestamp: int) -> None:
    """Planned sessions follow the time zone rules of this release, within an hour of its start."""
    tracks_replan(timezone.now())


@app.periodic(cron="47 2 * * *")
@app.task(name="verify_audit", queueing_lock="verify_audit")
def verify_audit(timestamp: int) -> None:
    """Reads the whole audit each night; what is wrong is an alarm. `timestamp` is the hour it was
    due."""
    found = verify_stored(settings.THIRDS_AUDIT_CHECKPOINTS)
    if isinstance(found, Finding):
        log.critical("the audit is not whole: %s", words(found))
    cache.set(AUDIT_STATE, not isinstance(found, Finding), AUDIT_STATE_S)


@app.periodic(cron="27 3 * * *")
@app.task(name="forget_form_answers", queueing_lock="forget_form_answers")
def forget_form_answers(timestamp: int) -> None:
    """Forgets the answers to forms that no new one has pushed out, each night."""
    forget_expired(timezone.now(), most=None)
