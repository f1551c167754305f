"""A media node's configuration from its environment, read once and checked.

Owns the names of the variables and their defaults. Opens nothing.
"""

import ipaddress
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

CONTROL = "tcp:127.0.0.1:8790"
REDIS_URL = "redis://127.0.0.1:6379/0"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - media must be reachable; what is unknown is dropped
BOTH_FAMILIES = "::"  # IPv4 as well, see process.py
LOOPBACK = "127.0.0.1"
SHORTEST_SECRET = 32  # bytes


class ConfigurationError(Exception):
    """One sentence for the person who starts the node."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """`port` 0 means any free one; `control` is where control connections are taken, and
    `control_announce` the address of it for web processes, where that is another one.
    """

    secret: str
    control: str
    redis_url: str
    bind: str
    port: int
    announce: tuple[str, ...]
    node: str
    control_announce: str = ""
    metrics: str = ""
    compiled: bool = True  # whether C may do the fan-out, where it was made


def read(environment: Mapping[str, str]) -> Configuration:
    """Raises ConfigurationError, with a readable sentence, for a missing or impossible value."""
    secret = environment.get("THIRDS_MEDIA_SECRET", "")
    if len(secret.encode()) < SHORTEST_SECRET:
        raise ConfigurationError(
            f"Set THIRDS_MEDIA_SECRET, which web and media nodes share: {SHORTEST_SECRET} bytes "
            "or longer."
        )
    port = environment.get("THIRDS_MEDIA_PORT", "") or "0"
    if not port.isdecimal() or int(port) > 65535:
        raise ConfigurationError("THIRDS_MEDIA_PORT is not a port: give 0 to 65535.")
    get = environment.get
    announced = (part.strip() for part in get("THIRDS_MEDIA_ANNOUNCE", "").split(","))
    announce = tuple(part for part in announced if part) or (LOOPBACK,)
    with_ipv6 = any(":" in address for address in announce)
    bind = get("THIRDS_MEDIA_BIND", "") or (BOTH_FAMILIES if with_ipv6 else EVERYWHERE)
    if with_ipv6 and ":" not in bind:
        raise ConfigurationError(
            "THIRDS_MEDIA_ANNOUNCE has an IPv6 address and THIRDS_MEDIA_BIND an IPv4 one: bind to "
            "::, which takes both."
        )
    return Configuration(
        secret=secret,
        control=get("THIRDS_MEDIA_CONTROL", "") or CONTROL,
        redis_url=get("REDIS_URL", "") or REDIS_URL,
        bind=bind,
        port=int(port),
        announce=announce,
        node=get("THIRDS_MEDIA_NODE", "") or secrets.token_hex(8),
        control_announce=get("THIRDS_MEDIA_CONTROL_ANNOUNCE", ""),
        metrics=get("THIRDS_METRICS", ""),
        compiled=get("THIRDS_MEDIA_COMPILED", "") != "0",
    )


def reachable(control: str, redis_url: str) -> str:
    """The address to announce for one that is listened at: itself, or, where that is every
    interface, the one towards the store, which web processes reach as well. Sends nothing."""
    kind, _, rest = control.partition(":")
    host, _, port = rest.rpartition(":")
    if kind != "tcp" or not _is_everywhere(host):
        return control
    store = urlsplit(redis_url)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((store.hostname or LOOPBACK, store.port or 6379))
            return f"tcp:{probe.getsockname()[0]}:{port}"
        except OSError:
            return f"tcp:{LOOPBACK}:{port}"


def _is_everywhere(host: str) -> bool:
    try:
        return not host or ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False
