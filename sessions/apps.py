"""The Django app. Its label is fixed: Django's own `sessions` owns that label."""

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "group_sessions"
    verbose_name = "Group sessions"

    def ready(self) -> None:
        """Joins what must not know each other: news of people, and the rooms they are in."""
        from sessions.rooms import standing

        standing.listen()
