"""`manage.py verify_audit`: whether the audit is whole and as it was written."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sessions.audit.verifying import Verified, verify_stored, words
from sessions.core.audit_chain import Finding


class Command(BaseCommand):
    """Ends with 0 when all is right, with 1 and the first thing that is wrong when not."""

    help = "Reads the whole audit against signatures, chain and checkpoints."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--checkpoints` names a copy that was kept elsewhere."""
        parser.add_argument("--checkpoints", default=settings.THIRDS_AUDIT_CHECKPOINTS)

    def handle(self, *args: object, **options: Any) -> None:
        """Prints what was read and how fast."""
        began = time.perf_counter()
        if not options["checkpoints"]:
            self.stderr.write("No checkpoints were given: an end that was cut off is not seen.")
        found = verify_stored(options["checkpoints"])
        if isinstance(found, Finding):
            raise CommandError(words(found), returncode=1)
        self.stdout.write(told(found, time.perf_counter() - began))


def told(found: Verified, seconds: float) -> str:
    """What was read, in words."""
    rate = found.linked / seconds if seconds else 0
    lines = [
        f"All right: {found.linked} rows in the chain, {found.checkpoints} checkpoints, "
        f"{seconds:.1f} s ({rate:.0f} rows a second)."
    ]
    if found.waiting_since is not None:
        since = found.waiting_since.isoformat(timespec="seconds")
        lines.append(f"{found.waiting} rows wait to be linked by the worker, since {since}.")
    return "\n".join(lines)
