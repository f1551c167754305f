"""The environment of each process of Thirds, and the secrets kept for that.

Owns the names that `./run` sets (server.settings.environment and server.media read them).
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from server.launcher.arguments import LOOPBACK, own_address
from server.launcher.services import Services
from server.launcher.web import WebAddress

KEY_BYTES = 32
WEB_ROLE = "thirds_web"


def kept_secret(file: Path, size: int = 48) -> str:
    """The secret of `size` bytes in `file`, made at first use; only its owner may read it."""
    if not file.exists() or not file.read_text(encoding="ascii"):
        making = file.with_suffix(".new")
        making.unlink(missing_ok=True)
        with open(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(size))
        making.rename(file)
    return file.read_text(encoding="ascii")


def kept_key(file: Path) -> str:
    """A ring of one key, as sessions.core.key_ring reads it; the key is kept in `file`."""
    return f"1:{kept_secret(file, KEY_BYTES)}"


def restricted(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of web and worker on our own database: they connect as a role that may add to
    the audit and change nothing of it (sessions.models.rights)."""
    url = urlsplit(env["DATABASE_URL"])
    host = url.netloc.rpartition("@")[2]
    return {**env, "DATABASE_URL": url._replace(netloc=f"{WEB_ROLE}@{host}").geturl()}


def environment(
    services: Services,
    web: WebAddress,
    folder: Path,
    *,
    demo: bool,
    base: Mapping[str, str],
    demo_code: str = "",
) -> dict[str, str]:
    """The environment of web, media and worker, on top of `base`.

    `folder` keeps the secrets; `demo` allows signing in as a person of the demo programme, from
    this machine alone, or from everywhere with `demo_code`.
    """
    # Firefox never uses 127.0.0.1 for media, so the machine's own address stands beside it.
    announced = dict.fromkeys([LOOPBACK, own_address()])
    return {
        **base,
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "server.settings.development",
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "THIRDS_ORIGIN": web.origin,
        "THIRDS_SECRET_KEY": kept_secret(folder / "secret-key"),
        "THIRDS_MEDIA_SECRET": kept_secret(folder / "media-secret"),
        "THIRDS_AUDIT_KEYS": kept_key(folder / "audit-key"),
        "THIRDS_AUDIT_CHECKPOINTS": str(folder / "audit-checkpoints"),
        "THIRDS_FIELD_KEYS": kept_key(folder / "field-key"),
        "THIRDS_MEDIA_CONTROL": f"unix:{services.sockets / 'media.sock'}",
        "THIRDS_MEDIA_BIND": "0.0.0.0" if len(announced) > 1 else LOOPBACK,  # noqa: S104
        "THIRDS_MEDIA_PORT": "0",
        "THIRDS_MEDIA_ANNOUNCE": ",".join(announced),
        "THIRDS_DEMO": "1" if demo else "",
        "THIRDS_DEMO_CODE": demo_code if demo else "",
    }
