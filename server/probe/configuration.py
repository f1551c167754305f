"""What the environment sets of the probe, read once and checked.

Owns the names of the variables. Opens nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass


class ConfigurationError(Exception):
    """One sentence for the person who starts the probe."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Where the media nodes are found, and the secret that they share with their clients."""

    redis_url: str
    media_secret: str


def read(environment: Mapping[str, str]) -> Configuration:
    """Raises ConfigurationError for what is missing."""
    secret, url = environment.get("THIRDS_MEDIA_SECRET", ""), environment.get("REDIS_URL", "")
    if not secret or not url:
        raise ConfigurationError("Set THIRDS_MEDIA_SECRET and REDIS_URL, as for a media node.")
    return Configuration(url, secret)
