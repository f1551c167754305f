"""Tests: development without demo sign-in, mail kept in memory, services of the test run."""

from server.settings.base import *  # noqa: F403

EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
THIRDS_ORIGIN = "http://testserver"
ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
