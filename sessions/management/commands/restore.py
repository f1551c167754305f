"""`manage.py restore FILE`: an empty database is filled from a backup, and checked."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections

from server.backup.postgres import BackupError, restore
from sessions.core.sealed_stream import StreamError, unseal
from sessions.management.commands.backup import backup_keys


class Command(BaseCommand):
    """Ends with 0 when everything is there and the audit in it is whole."""

    help = "Fills an empty database from an encrypted backup, migrates it, and verifies its audit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--checkpoints`: those that were archived with the backup."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--checkpoints", default="")

    def handle(self, *args: object, **options: Any) -> None:
        """The file is read to its end before the database is touched. In one transaction then."""
        keys, file = backup_keys(), options["file"]
        if connection.introspection.table_names():
            raise CommandError("This database is not empty: restore into a new one.", returncode=1)
        connections.close_all()
        try:
            with file.open("rb") as sealed:
                size = sum(map(len, unseal(sealed, keys)))
            with file.open("rb") as sealed:
                restore(settings.DATABASE_URL, unseal(sealed, keys))
        except (BackupError, StreamError, OSError) as fault:
            raise CommandError(f"Nothing was restored: {fault}", returncode=1) from fault
        self.stdout.write(f"{size} bytes are restored.")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("verify_audit", checkpoints=options["checkpoints"], stdout=self.stdout)
