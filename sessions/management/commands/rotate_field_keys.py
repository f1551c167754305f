"""`manage.py rotate_field_keys`: seals everything again, under the current key."""

from django.core.management.base import BaseCommand, CommandError

from sessions.models.sealing import field_keys
from sessions.people.key_rotation import reseal_all


class Command(BaseCommand):
    """Ends with 0 when no older key is needed any more. May be stopped and started again."""

    help = "Seals what is sealed under an older key of THIRDS_FIELD_KEYS under its first one."

    def handle(self, *args: object, **options: object) -> None:
        """Prints counts and key ids, no value."""
        result = reseal_all()
        current = field_keys().current
        self.stdout.write(f"{result.done} values are sealed again with key {current}.")
        if result.broken:
            raise CommandError(
                f"{result.broken} values open with no key of THIRDS_FIELD_KEYS and were left as "
                "they are; the log says where. Keep the older keys until you know why.",
                returncode=1,
            )
        older = [name for name in field_keys().keys if name != current]
        if older:
            self.stdout.write(f"No longer needed: {', '.join(older)}.")
