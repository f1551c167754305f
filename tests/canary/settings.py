"""Development, but mail is put into files: on a console it would be in the log, address and all."""

import os

from server.settings.development import *  # noqa: F403

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = os.environ["THIRDS_CANARY_MAIL"]
