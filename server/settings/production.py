"""Production: refuses to start with demo sign-in, with default or short secrets, without TLS, or
without a mail server and a sender."""

from django.core.exceptions import ImproperlyConfigured

from server.settings.base import *  # noqa: F403
from server.settings.base import ENVIRONMENT
from server.settings.environment import (
    DEVELOPMENT_KEYS,
    DEVELOPMENT_SECRET,
    SHORTEST_SECRET,
    MailServer,
    is_sender,
)
from sessions.core.key_ring import KeyRing

if ENVIRONMENT.demo:
    raise ImproperlyConfigured("THIRDS_DEMO is for development: take it out of the environment.")
if DEVELOPMENT_SECRET in (ENVIRONMENT.secret_key, ENVIRONMENT.media_secret):
    raise ImproperlyConfigured("Set THIRDS_SECRET_KEY and THIRDS_MEDIA_SECRET to own long values.")
for name, secret in (
    ("THIRDS_SECRET_KEY", ENVIRONMENT.secret_key),
    ("THIRDS_MEDIA_SECRET", ENVIRONMENT.media_secret),
    ("THIRDS_TURN_SECRET", ENVIRONMENT.turn_secret),
):
    needed = name != "THIRDS_TURN_SECRET" or ENVIRONMENT.turn_urls
    if needed and len(secret.encode()) < SHORTEST_SECRET:
        raise ImproperlyConfigured(f"{name} has to be {SHORTEST_SECRET} bytes or longer.")
for name, keys in (
    ("THIRDS_AUDIT_KEYS", ENVIRONMENT.audit_keys),
    ("THIRDS_FIELD_KEYS", ENVIRONMENT.field_keys),
):
    if keys == DEVELOPMENT_KEYS:
        raise ImproperlyConfigured(f"Set {name} to a key of your own, as id:key.")
    try:
        KeyRing.parse(keys)
    except ValueError as wrong:
        raise ImproperlyConfigured(f"{name}: {wrong}.") from wrong
if ENVIRONMENT.audit_keys == ENVIRONMENT.field_keys:
    raise ImproperlyConfigured("THIRDS_AUDIT_KEYS and THIRDS_FIELD_KEYS are two different keys.")
if ENVIRONMENT.backup_keys in (ENVIRONMENT.audit_keys, ENVIRONMENT.field_keys):
    raise ImproperlyConfigured("THIRDS_BACKUP_KEYS is a key of its own.")
if not ENVIRONMENT.origin.startswith("https://"):
    raise ImproperlyConfigured("Set THIRDS_ORIGIN to the https:// address people open.")
try:
    MAIL = MailServer.of(ENVIRONMENT.email_url)
except ValueError as wrong:
    raise ImproperlyConfigured(f"Set THIRDS_EMAIL_URL: {wrong}.") from wrong
if not is_sender(ENVIRONMENT.email_from):
    raise ImproperlyConfigured("Set THIRDS_EMAIL_FROM to the address that mail comes from.")

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_SSL, EMAIL_USE_TLS = MAIL.implicit_tls, not MAIL.implicit_tls

THIRDS_BEHIND_PROXY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
# No other host of the domain can set cookies of these names (RFC 6265bis, 4.1.3.2). Over plain
# http browsers refuse them, so development has others.
SESSION_COOKIE_NAME = "__Host-thirds"
CSRF_COOKIE_NAME = "__Host-csrftoken"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
ALLAUTH_TRUSTED_PROXY_COUNT = 1
