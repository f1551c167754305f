"""The Django app. Its label is fixed: Django's own `sessions` owns that label."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "group_sessions"
    verbose_name = "Group sessions"

    def ready(self) -> None:
        """Makes what this process owns of the rooms. Joins what must not know each other: news of
        people, and the rooms they are in; what a migration made, and who may use it."""
        from sessions.models.rights import grant_after_migrate
        from sessions.rooms import revocation
        from sessions.rooms.process import Process

        self.process = Process.of_settings()
        revocation.listen(lambda: self.process)
        post_migrate.connect(grant_after_migrate, sender=self)
