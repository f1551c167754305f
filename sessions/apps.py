"""The Django app. Its label is fixed: Django's own `sessions` owns that label."""

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "group_sessions"
    verbose_name = "Group sessions"
