"""Settings that hold everywhere. development, test and production build on it."""

from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from server.settings.environment import BASE_DIR, Environment
from server.zones import use_pinned_zones

use_pinned_zones()

ENVIRONMENT = Environment.read()

SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = False
THIRDS_ORIGIN = ENVIRONMENT.origin
THIRDS_DEMO = False
THIRDS_DEMO_CODE = ""
THIRDS_MEDIA_SECRET = ENVIRONMENT.media_secret
THIRDS_AUDIT_KEYS = ENVIRONMENT.audit_keys
THIRDS_AUDIT_CHECKPOINTS = ENVIRONMENT.audit_checkpoints
THIRDS_FIELD_KEYS = ENVIRONMENT.field_keys
THIRDS_METRICS = ENVIRONMENT.metrics
THIRDS_BACKUP_KEYS = ENVIRONMENT.backup_keys
DATABASE_URL = ENVIRONMENT.database_url
THIRDS_DATABASE_ROLE = ENVIRONMENT.database_role
THIRDS_TURN_URLS = ENVIRONMENT.turn_urls
THIRDS_TURN_SECRET = ENVIRONMENT.turn_secret
THIRDS_STAFF_PHONE = ENVIRONMENT.staff_phone
ALLOWED_HOSTS = [urlsplit(THIRDS_ORIGIN).hostname or "127.0.0.1", *ENVIRONMENT.public_hosts]
CSRF_TRUSTED_ORIGINS = [THIRDS_ORIGIN]

INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "csp",
    "django_vite",
    "servestatic",
    "procrastinate.contrib.django",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "sessions.apps.SessionsConfig",
    "server.probe",  # manage.py check_media
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "sessions.web.headers.permissions_policy",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "sessions.web.circuit_breaker.circuit_breaker",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "sessions.web.idempotency.middleware.IdempotencyMiddleware",
]

ROOT_URLCONF = "server.urls"
ASGI_APPLICATION = "server.asgi.application"
AUTH_USER_MODEL = "group_sessions.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = True

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "sessions" / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"icons": "sessions.web.icons", "clocks": "sessions.web.clocks"},
            "builtins": ["sessions.web.idempotency.tags"],  # each form has a key
        },
    }
]

# psycopg's pool has the size of the executor that async code reaches the database through
# (sessions/rooms/database.py): one more query than connections would only wait. Without a
# connection for a second and a half PostgreSQL is away; an attempt is given up after one, because
# the pool's own delays double and would go on for as long again as PostgreSQL was away.
DATABASE_POOL_SIZE = 8
DATABASE = dj_database_url.parse(ENVIRONMENT.database_url)
POOL = {"min_size": 1, "max_size": DATABASE_POOL_SIZE, "timeout": 1.5, "reconnect_timeout": 1}
DATABASES = {
    "default": {
        **DATABASE,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,  # of pooled connections, after PostgreSQL was away
        "OPTIONS": {**DATABASE.get("OPTIONS", {}), "pool": POOL},
    }
}

# Whether a proxy in front bounds how requests arrive; else the process does (server/arrivals.py).
THIRDS_BEHIND_PROXY = False

REDIS_URL = ENVIRONMENT.redis_url
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
# Found where they lie: Vite has hashed the room's files, the pages' few change with a release.
SERVESTATIC_USE_FINDERS = True
STATICFILES_DIRS = [
    ("room", BASE_DIR / "frontend" / "dist"),
    BASE_DIR / "sessions" / "web" / "static",
]
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": BASE_DIR / "frontend" / "dist" / "manifest.json",
        "static_url_prefix": "room",
    }
}

# Sign-in: a code by e-mail, nothing else; accounts are made by a program manager.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "sessions.web.sign_in.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {
    "ask_network": "120/m/ip",
    "ask_address": "5/10m/key",
    "ask_device": "5/10m/key",
    "demo_code": "10/m/ip",
    "passkey_sign_in": "120/m/ip",
    "challenge": "40/m/key",
    "login_failed": "120/m/ip,5/5m/key",
    "echo": "12/10m/user",
}
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
# A second factor, for staff: a passkey or an app. The pages and the rule are ours
# (sessions/web/sign_in, sessions/people); allauth keeps the rows and knows WebAuthn.
MFA_ADAPTER = "sessions.web.sign_in.second_factor.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "preferred"  # alone it is required; after a code it need not be
MFA_TOTP_PERIOD = 30
MFA_RECOVERY_CODE_COUNT = 10
MFA_ALLOW_UNVERIFIED_EMAIL = True  # a person who is signed in has typed a code from that address
SESSION_ENGINE = "sessions.people.login_sessions"  # keys are stored as digests
SESSION_COOKIE_AGE = 60 * 60 * 16  # seconds; counted from sign-in, see web/sign_in/adapter.py
SESSION_COOKIE_NAME = "thirds"
SESSION_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "sessions.web.cookies.MessageStorage"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.email_from
EMAIL_SUBJECT_PREFIX = ""
EMAIL_TIMEOUT = 10  # seconds; mail is sent off the request

SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "media-src": [SELF, "blob:", "mediastream:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "server.logs.WithoutValues"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "sessions.audit.checkpoints": {"level": "INFO"},
        # Django's own handlers would mail faults, values and all; an address that was typed
        # wrongly (404) may hold anything.
        "django": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
    },
}
