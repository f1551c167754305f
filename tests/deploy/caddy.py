"""Debian's Caddy with deploy/Caddyfile, its certificate by an authority of its own."""

import asyncio
import contextlib
import json
import os
import ssl
import urllib.request
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from server.launcher.debian import CADDY
from tests.deploy.compose import ROOT
from tests.programs import needed


class Proxy:
    """A running Caddy whose authority this client trusts."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.backends: Sequence[int] = ()
        self.authority = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority)

    async def get(self, **headers: str) -> dict[str, Any]:
        """What the backend says that answered."""
        return await asyncio.to_thread(self._get, headers)

    def open(self, path: str) -> Any:
        """The answer to GET, as urllib gives it. For a thread."""
        address = f"https://localhost:{self.port}{path}"
        return urllib.request.urlopen(address, timeout=20, context=self.trust())

    def _get(self, headers: dict[str, str]) -> dict[str, Any]:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"https://localhost:{self.port}/", headers=names)
        with urllib.request.urlopen(request, timeout=20, context=self.trust()) as answer:
            told: dict[str, Any] = json.loads(answer.read())
            told["answer"] = dict(answer.headers)
        return told

    async def ready(self) -> None:
        """Its certificate is made at the first handshake."""
        while True:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self.open, "/alive/")
                return
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running_proxy(folder: Path, port: int, backends: Sequence[int]) -> AsyncIterator[Proxy]:
    """On https://localhost:`port`, before loopback ports; not before it answers."""
    limits = folder / "limits.caddy"  # Debian's Caddy lacks the module: none
    limits.write_text("# none\n")
    environment = os.environ | {
        "THIRDS_CADDY_LIMITS": str(limits),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "THIRDS_DOMAIN": f"localhost:{port}",
        "THIRDS_WEB": " ".join(f"127.0.0.1:{backend}" for backend in backends),
        "THIRDS_CADDY_GLOBAL": "skip_install_trust\nauto_https disable_redirects",
        "THIRDS_CADDY_TLS": "tls internal",
    }
    words = ["run", "--config", str(ROOT / "deploy" / "Caddyfile"), "--adapter", "caddyfile"]
    with (folder / "caddy.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            needed(CADDY), *words, env=environment, stderr=log
        )
    running = Proxy(port, folder)
    running.backends = backends
    try:
        async with asyncio.timeout(60):
            await running.ready()
        yield running
    finally:
        process.terminate()
        await process.wait()
