"""`manage.py check_media`: for monitoring, one line a node and an exit code."""

import asyncio
import secrets
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from redis.exceptions import RedisError

from server.media.client import RelayAccess, relay_access
from server.probe.check import Installation, check


class Command(BaseCommand):
    """Exit code 0 when sound and pictures arrive through every live node, else 1."""

    help = "Says of each live media node whether sound and pictures arrive through it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--nodes",
            type=int,
            default=1,
            metavar="N",
            help="fail when fewer than N nodes are live (1)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            checks = asyncio.run(check(installation()))
        except RedisError as error:
            raise CommandError("Redis does not answer: no node can be found.") from error
        for one in checks:
            self.stdout.write(str(one))
        failed = sum(not one.passed for one in checks)
        if failed:
            raise CommandError(f"{failed} of {len(checks)} nodes failed.")
        if len(checks) < options["nodes"]:
            raise CommandError(f"{len(checks)} live nodes, {options['nodes']} expected.")


def installation() -> Installation:
    """This one, as settings say."""

    def relay() -> RelayAccess:
        urls, secret = settings.THIRDS_TURN_URLS, settings.THIRDS_TURN_SECRET
        return relay_access(urls, secret, secrets.token_urlsafe(12), time.time())

    return Installation(settings.REDIS_URL, settings.THIRDS_MEDIA_SECRET, relay)
