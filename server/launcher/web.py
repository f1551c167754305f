"""Where the web process listens and how it is started.

Owns its options: `./run`, the container's image and the benchmarks start it with the same. Only
the standard library. Must not know what it serves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.launcher.arguments import LOOPBACK

APPLICATION: Final = "server.asgi:application"
OPTIONS: Final = (
    *("-v", "0", "--no-server-name"),
    *("--ping-interval", "10", "--ping-timeout", "20"),
    # What the application is given to accept a websocket, and to answer a request (no page takes
    # its time and none polls), in seconds; how a request arrives is `server.arrivals`' bound.
    *("--websocket_connect_timeout", "5", "--http-timeout", "60"),
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: the certificate, and its private key."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class WebAddress:
    """One address and port; TLS where there is a certificate."""

    port: int
    host: str = LOOPBACK
    certificate: Certificate | None = None

    @property
    def origin(self) -> str:
        """What is opened in a browser, without a slash at the end."""
        return f"{'https' if self.certificate else 'http'}://{self.host}:{self.port}"

    @property
    def command(self) -> Sequence[str]:
        """The words after `python -m`."""
        return ("server.web", *self._place(), *OPTIONS, APPLICATION)

    def _place(self) -> Sequence[str]:
        """Daphne's own words, or an endpoint of Twisted (twisted.internet.endpoints), in which a
        colon in a path is escaped."""
        if self.certificate is None:
            return ("-b", self.host, "-p", str(self.port))
        key, certificate = (
            str(file).replace("\\", "\\\\").replace(":", "\\:")
            for file in (self.certificate.key, self.certificate.certificate)
        )
        files = f"privateKey={key}:certKey={certificate}"
        return ("-e", f"ssl:{self.port}:interface={self.host}:{files}")
