"""Jobs of the queue: one service call each. Knows nothing of when or where they run."""

from importlib import import_module

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from sessions.scheduling.services import tracks_replan


@app.periodic(cron="17 3 * * *")
@app.task(name="clear_expired_sign_ins", queueing_lock="clear_expired_sign_ins")
def clear_expired_sign_ins(timestamp: int) -> None:
    """Forgets sign-ins that have run out, each night. `timestamp` is the hour it was due."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@app.periodic(cron="7 * * * *")
@app.task(name="follow_zone_rules", queueing_lock="follow_zone_rules")
def follow_zone_rules(timestamp: int) -> None:
    """Planned sessions follow the time zone rules of this release, within an hour of its start."""
    tracks_replan(timezone.now())
