"""`manage.py follow_zone_rules`: planned sessions follow the time zone rules of this release."""

from importlib.metadata import version

from django.core.management.base import BaseCommand
from django.utils import timezone

from sessions.scheduling.services import tracks_replan


class Command(BaseCommand):
    """The worker does the same each hour. Run twice, the second time changes nothing."""

    help = "Moves planned sessions whose time zone has new rules; the track's page says so."

    def handle(self, *args: object, **options: object) -> None:
        moved = tracks_replan(timezone.now())
        if moved:
            rules = version("tzdata")
            self.stdout.write(f"{moved} tracks have sessions at other instants by tzdata {rules}.")
