"""Development: what `./run` uses. Codes are printed, demo people may sign in on loopback."""

from server.settings.base import *  # noqa: F403
from server.settings.base import ENVIRONMENT

DEBUG = False
THIRDS_DEMO = ENVIRONMENT.demo
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
