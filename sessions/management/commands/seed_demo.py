"""`manage.py seed_demo`: the demo programme for `./run`, topped up each time it is run."""

from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sessions.scheduling.demo import CLIENTS, FACILITATORS, MANAGER, ZONE, seed_demo
from sessions.scheduling.services import tracks_replan


class Command(BaseCommand):
    help = "Makes what is missing of the demo, and says who to sign in as."

    def handle(self, *args: object, **options: object) -> None:
        now = timezone.now()
        try:
            session = seed_demo(now)
            tracks_replan(now)
        except ImproperlyConfigured as refused:
            raise CommandError(str(refused)) from refused
        minutes = max(0, round((session.starts_at - now).total_seconds() / 60))
        clock = session.starts_at.astimezone(ZoneInfo(ZONE)).strftime("%I:%M %p").lstrip("0")
        when = f"starts in {minutes} min" if session.starts_at > now else "is open now"
        self.stdout.write(
            f"Sign in as  {FACILITATORS[0]} (facilitator), {CLIENTS[0]} (client), "
            f"{MANAGER} (program manager): tap a name on the sign-in page.\n"
            f"The group of {clock} (New York time) {when}; its door is open."
        )
