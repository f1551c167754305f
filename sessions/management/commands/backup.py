"""`manage.py backup FOLDER`: the whole database into one encrypted file."""

import secrets
from argparse import ArgumentParser
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from server.backup import files
from server.backup.postgres import BackupError, dumped
from sessions.core.key_ring import KeyRing
from sessions.core.sealed_stream import SALT_BYTES, StreamError, seal, unseal


def backup_keys() -> KeyRing:
    """The ring that backups are sealed with. It is in none of them."""
    try:
        return KeyRing.parse(settings.THIRDS_BACKUP_KEYS)
    except ValueError as wrong:
        raise CommandError(f"Set THIRDS_BACKUP_KEYS: {wrong}.") from None


class Command(BaseCommand):
    """Ends with 0 when the file is on the disk, was read again and opens."""

    help = "Writes an encrypted backup of the database into a folder, and removes old ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--keep-days`: older files of the folder are removed, once the new one is there."""
        parser.add_argument("folder", type=Path)
        parser.add_argument("--keep-days", type=int)

    def handle(self, *args: object, **options: Any) -> None:
        """Prints the file's name and size. Login sessions are left out: who was signed out must
        not be signed in again by a restore."""
        folder, keep = options["folder"], options["keep_days"]
        keys, now = backup_keys(), timezone.now()
        login_sessions = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()
        dump = dumped(settings.DATABASE_URL, [login_sessions._meta.db_table])
        try:
            file = files.write(folder, now, seal(dump, keys, secrets.token_bytes(SALT_BYTES)))
            with file.open("rb") as written:
                size = sum(map(len, unseal(written, keys)))
        except (BackupError, StreamError, OSError) as fault:
            raise CommandError(f"There is no backup: {fault}", returncode=1) from fault
        gone = files.remove_older(folder, timedelta(days=keep), now) if keep else []
        seconds = (timezone.now() - now).total_seconds()
        self.stdout.write(f"{file.name}: {size} bytes in {seconds:.1f} s; {len(gone)} old removed.")
