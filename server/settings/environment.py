"""The environment of the processes, in one typed place.

Owns the names and defaults of every variable that settings read. Knows no Django.
"""

import os
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent.parent

DEVELOPMENT_SECRET = "development-only-secret-never-in-production"  # noqa: S105
DEVELOPMENT_SENDER = "Thirds <no-reply@example.org>"
RESERVED = frozenset({"example.org", "example.com", "example.net"})
SHORTEST_SECRET = 32  # bytes
DEVELOPMENT_KEYS = "development:" + "A" * 43  # a ring of one key: see sessions.core.key_ring


@dataclass(frozen=True, slots=True)
class Environment:
    """One process's configuration."""

    database_url: str
    redis_url: str
    origin: str
    secret_key: str
    media_secret: str
    audit_keys: str
    audit_checkpoints: str
    field_keys: str
    backup_keys: str
    database_role: str
    demo: bool
    demo_code: str
    metrics: str
    email_url: str
    email_from: str
    staff_phone: str
    turn_urls: tuple[str, ...]
    turn_secret: str
    public_hosts: tuple[str, ...]

    @classmethod
    def read(cls) -> "Environment":
        """From os.environ; a variable that is missing has its development default."""
        get = os.environ.get
        return cls(
            database_url=get("DATABASE_URL", "postgresql:///thirds"),
            redis_url=get("REDIS_URL", "redis://127.0.0.1:6379/0"),
            origin=get("THIRDS_ORIGIN", "http://127.0.0.1:8000").rstrip("/"),
            secret_key=get("THIRDS_SECRET_KEY", DEVELOPMENT_SECRET),
            media_secret=get("THIRDS_MEDIA_SECRET", DEVELOPMENT_SECRET),
            audit_keys=get("THIRDS_AUDIT_KEYS", DEVELOPMENT_KEYS),
            audit_checkpoints=get("THIRDS_AUDIT_CHECKPOINTS", ""),
            field_keys=get("THIRDS_FIELD_KEYS", DEVELOPMENT_KEYS),
            backup_keys=get("THIRDS_BACKUP_KEYS", ""),
            database_role=get("THIRDS_DATABASE_ROLE", ""),
            demo=get("THIRDS_DEMO", "") == "1",
            demo_code=get("THIRDS_DEMO_CODE", ""),
            metrics=get("THIRDS_METRICS", ""),
            email_url=get("THIRDS_EMAIL_URL", ""),
            email_from=get("THIRDS_EMAIL_FROM", DEVELOPMENT_SENDER),
            staff_phone=get("THIRDS_STAFF_PHONE", ""),
            turn_urls=tuple(get("THIRDS_TURN_URLS", "").split()),
            turn_secret=get("THIRDS_TURN_SECRET", ""),
            public_hosts=tuple(h for h in get("THIRDS_HOSTS", "").split(",") if h),
        )


def is_sender(text: str) -> bool:
    """Whether mail may come from it: `a@b.org` or `Name <a@b.org>`, and not of a domain that is
    set aside for examples (RFC 2606)."""
    local, at, domain = parseaddr(text)[1].rpartition("@")
    last_two = ".".join(domain.lower().split(".")[-2:])
    reserved = last_two in RESERVED or last_two.endswith((".example", ".invalid", ".test"))
    return bool(local and at and "." in domain) and not reserved


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes: `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465` (TLS)."""

    host: str
    port: int
    user: str
    password: str
    implicit_tls: bool

    @classmethod
    def of(cls, url: str) -> "MailServer":
        """Raises ValueError for anything but an smtp or smtps URL with a host."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("a mail server is smtp://user:password@host:port or smtps://…")
        implicit = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if implicit else 587),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            implicit_tls=implicit,
        )
