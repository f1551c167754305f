"""`manage.py first_manager EMAIL`: the one account that nobody signed in could make."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from sessions.core.refusal import Refuse, sentence
from sessions.people.services import first_manager_add
from sessions.scheduling.defaults import lay_down_defaults


class Command(BaseCommand):
    help = "Adds the first program manager of this installation, who adds everybody else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: object, **options: str) -> None:
        with transaction.atomic():  # an installation has both, or neither
            added = first_manager_add(options["email"])
            if not isinstance(added, Refuse):
                lay_down_defaults()
        if isinstance(added, Refuse):
            raise CommandError(sentence(added), returncode=1)
        self.stdout.write(f"Added. Sign in as {added.email}; a code comes by e-mail.")
