"""`manage.py confirm_account_change [ID]`: what waits for a second program manager where there is
none. Without an id it lists what waits, by opaque ids."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from sessions.audit.services import OPERATOR
from sessions.core.refusal import Refuse, sentence
from sessions.people.confirming import request_confirm
from sessions.people.mail import wait_until_delivered
from sessions.people.second_manager import waiting


class Command(BaseCommand):
    help = "Confirms a change of a staff account, or lists those that wait."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", metavar="ID", nargs="?", default="")

    def handle(self, *args: object, **options: str) -> None:
        if not options["id"]:
            for one in waiting():
                person = f"{one.person.display_name} <{one.person.email}>"
                wanted = f" {one.email} {','.join(one.roles)}" if one.email else ""
                self.stdout.write(f"{one.public_id}  {one.kind}  {person}{wanted}")
            return
        done = request_confirm(OPERATOR, options["id"])
        if isinstance(done, Refuse):
            raise CommandError(sentence(done), returncode=1)
        wait_until_delivered()
        self.stdout.write("Confirmed, and done.")
