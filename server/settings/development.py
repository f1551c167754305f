"""Development: what `./run` uses. Codes are printed, demo people may sign in on loopback."""

from server.settings.base import *  # noqa: F403
from server.settings.base import ENVIRONMENT

DEBUG = False
THIRDS_DEMO = ENVIRONMENT.demo
THIRDS_DEMO_CODE = ENVIRONMENT.demo_code
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENVIRONMENT.origin.startswith("https:")
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
