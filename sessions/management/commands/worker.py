"""`manage.py worker`: the rooms' clockwork and the queue of jobs, until SIGTERM."""

import asyncio

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Runs the worker's process."""

    help = "Runs the rooms' ticker and the queue of jobs until it is told to stop."

    def handle(self, *args: object, **options: object) -> None:
        """Imported here: other commands must not load the worker."""
        from server.logs import hook_uncaught
        from server.worker import tasks  # noqa: F401  (registers the jobs)
        from server.worker.process import work
        from sessions.rooms import marks
        from sessions.rooms.by_clock import RoomsByClock
        from sessions.rooms.process import this_process
        from sessions.rooms.ticker import Ticker

        hook_uncaught()
        process = this_process()
        asyncio.run(work(Ticker(process, RoomsByClock(process), marks)))
