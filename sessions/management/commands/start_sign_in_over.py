"""`manage.py start_sign_in_over EMAIL`: for the only program manager, who lost every factor."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from sessions.audit.services import OPERATOR
from sessions.core.refusal import Refuse, sentence
from sessions.people.mail import wait_until_delivered
from sessions.people.second_factor.services import second_factor_reset
from sessions.people.selectors import person_by_email


class Command(BaseCommand):
    help = "Takes out a person's passkeys, app and recovery codes, and signs them out everywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: object, **options: str) -> None:
        person = person_by_email(options["email"])
        done = second_factor_reset(OPERATOR, person) if person else Refuse("person.unknown")
        if isinstance(done, Refuse):
            raise CommandError(sentence(done), returncode=1)
        wait_until_delivered()
        self.stdout.write("Taken out. The next sign-in sets it up again.")
