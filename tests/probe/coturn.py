"""Debian's coturn with deploy/turnserver.conf on 127.0.0.1, as compose starts it."""

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from server.launcher.debian import COTURN
from server.launcher.lan import certificate_for
from server.launcher.web import Certificate
from tests.deploy.compose import ROOT
from tests.ports import free_port
from tests.programs import needed

HERE: Final = "127.0.0.1"
SECRET: Final = "the relay's secret"
UP_S: Final = 20.0


@dataclass(frozen=True)
class Coturn:
    """A running relay: its addresses for `iceServers` (UDP, TCP, TLS), and the file that trusts
    it."""

    port: int
    urls: tuple[str, ...]
    certificate: Path
    log: Path


@contextlib.asynccontextmanager
async def running_coturn(folder: Path) -> AsyncIterator[Coturn]:
    """Until the block ends. Relays to 127.0.0.1 and to nobody else."""
    files, port = certificate_for(HERE, folder / "relay", datetime.now(UTC)), free_port()
    tls_port = free_port()
    log = folder / "coturn.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            ROOT / "deploy" / "start-turn.sh",
            *_words(files, port),
            env=_environment(folder, tls_port),
            stdout=output,
            stderr=output,
        )
    try:
        await _until_it_answers(tls_port, files.certificate, process)
        yield Coturn(port, _urls(port, tls_port), files.certificate, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _urls(port: int, tls_port: int) -> tuple[str, ...]:
    return (
        f"turn:{HERE}:{port}?transport=udp",
        f"turn:{HERE}:{port}?transport=tcp",
        f"turns:{HERE}:{tls_port}?transport=tcp",
    )


def _environment(folder: Path, tls_port: int) -> dict[str, str]:
    """What compose tells the container, and where the files are here."""
    program = Path(needed(COTURN))
    return {
        "PATH": f"{program.parent}:{os.defpath}",
        "TURN_BASE": str(ROOT / "deploy" / "turnserver.conf"),
        "TURN_FOLDER": str(folder),
        "TURN_REALM": "test",
        "TURN_SECRET": SECRET,
        "TURN_ADDRESS": HERE,
        "TURN_LISTEN": HERE,
        "TURN_TLS_PORT": str(tls_port),
    }


def _words(files: Certificate, port: int) -> list[str]:
    """What this machine needs: its files, loopback as the peers' place."""
    folder = files.certificate.parent
    return [
        "--allow-loopback-peers",
        f"--cert={files.certificate}",
        f"--pkey={files.key}",
        f"--listening-port={port}",
        f"--relay-ip={HERE}",
        f"--pidfile={folder / 'coturn.pid'}",
        f"--userdb={folder / 'coturn.sqlite'}",
    ]


async def _until_it_answers(
    port: int, certificate: Path, process: asyncio.subprocess.Process
) -> None:
    trusted = ssl.create_default_context(cafile=certificate)
    async with asyncio.timeout(UP_S):
        while process.returncode is None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(HERE, port, ssl=trusted)
                writer.close()
                return
            await asyncio.sleep(0.05)
    raise AssertionError("coturn ended")
