"""`manage.py check_media` against a live node, a dead one, none, and through a relay."""

import asyncio
import os
import signal
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import LazySettings as Settings
from django.core.management import CommandError, call_command
from redis.asyncio import Redis

from server.media.client import Lease, RelayAccess, lease_key, read_lease, relay_access
from server.media.placement import NODES_KEY, Load, lease_json
from server.probe.check import Attempt, Installation, NodeCheck, check
from tests.media.node_process import NodeProcess
from tests.media.running import SECRET
from tests.probe import coturn
from tests.probe.coturn import Coturn, running_coturn


@pytest.fixture
def installed(node: NodeProcess, settings: Settings) -> None:
    """The node is this installation's."""
    settings.REDIS_URL, settings.THIRDS_MEDIA_SECRET = node.redis_url, SECRET


async def check_media(*words: str) -> tuple[str, list[str]]:
    """The command's complaint, with which it ends with exit code 1, and its lines."""
    output, complaint = StringIO(), ""
    try:
        await asyncio.to_thread(call_command, "check_media", *words, stdout=output)
    except CommandError as error:
        complaint = str(error)
    return complaint, [without_times(line) for line in output.getvalue().splitlines()]


async def checked(node: NodeProcess, relay: Coturn | None = None, secret: str = "") -> list[str]:
    """The lines of a check of its nodes."""

    def access() -> RelayAccess:
        return relay_access(relay.urls if relay else (), secret, "somebody", time.time())

    await node.next_load()  # its lease was renewed just before
    found = await check(Installation(node.redis_url, SECRET, access))
    return [without_times(str(one)) for one in found]


def without_times(line: str) -> str:
    return " ".join("_" if word.replace(".", "", 1).isdigit() else word for word in line.split())


async def leased(node: NodeProcess, name: str, control: str) -> None:
    """Somebody else's lease, which nobody renews."""
    lease = Lease(control=control, port=1, load=Load(peers=0, packets_per_second=0))
    redis = Redis.from_url(node.redis_url)
    await cast("Any", redis.sadd(NODES_KEY, name))
    await redis.set(lease_key(name), lease_json(lease))
    await redis.aclose()


async def control_of(node: NodeProcess) -> str:
    """Where its lease says that control connections are taken."""
    await node.next_load()
    redis = Redis.from_url(node.redis_url)
    lease = read_lease(await redis.get(lease_key("measured")))
    await redis.aclose()
    assert lease is not None
    return lease.control


OK = "ok measured: sound and pictures arrive directly in _ s"


async def test_command_passes_a_live_node_and_misses_another(
    node: NodeProcess, installed: None
) -> None:
    """A node that has ended has no lease and no line: only its number is missed. Kills: an
    exit code of 0 for fewer nodes than there should be."""
    await leased(node, "measured", await control_of(node))
    assert await check_media() == ("", [OK])
    assert await check_media("--nodes=2") == ("1 live nodes, 2 expected.", [OK])


async def test_command_fails_with_its_node(node: NodeProcess, installed: None) -> None:
    await leased(node, "measured", "tcp:127.0.0.1:9")
    node.process.kill()
    line = "failed measured: its control connection does not answer"
    assert await check_media() == ("1 of 1 nodes failed.", [line])


async def test_command_finds_no_node_without_the_store(folder: Path, settings: Settings) -> None:
    settings.REDIS_URL = f"unix://{folder}/nobody.sock"
    assert await check_media() == ("Redis does not answer: no node can be found.", [])


async def test_room_is_closed_behind_the_check(node: NodeProcess) -> None:
    """Kills: participants of a check that stay on the node until they are silent."""
    await checked(node)
    while (await node.next_load()).peers:
        continue


async def test_node_whose_process_stands_still_fails(node: NodeProcess) -> None:
    """Its lease is there still, and its control socket takes connections."""
    control = await control_of(node)
    os.kill(node.process.pid, signal.SIGSTOP)
    await leased(node, "measured", control)
    found = await check(Installation(node.redis_url, SECRET, RelayAccess))
    assert list(map(str, found)) == ["failed measured: its control connection does not answer"]


async def test_dead_node_fails_and_the_others_are_checked(node: NodeProcess) -> None:
    await leased(node, "dead", "tcp:127.0.0.1:9")
    assert await checked(node) == [
        "failed dead: its control connection does not answer",
        OK,
    ]


async def test_relay_is_checked_as_well(
    node: NodeProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through coturn with the configuration of production, by each way to it. Kills: credentials that
    coturn does not compute; an attempt that goes directly when the relay refuses it."""
    async with running_coturn(folder) as relay:
        monkeypatch.setenv("SSL_CERT_FILE", str(relay.certificate))
        assert await checked(node, relay, coturn.SECRET) == [
            "ok measured: sound and pictures arrive directly in _ s, "
            "through the relay by UDP in _ s, through the relay by TCP in _ s, "
            "through the relay by TLS in _ s"
        ], relay.log.read_text(errors="replace")
        only_tls = replace(relay, urls=relay.urls[2:])
        assert await checked(node, only_tls, "another secret") == [
            "failed measured: directly in _ s, through the relay by TLS: no connection"
        ]


def test_a_line_says_what_is_missing() -> None:
    directly = Attempt("directly", sound=True, connected=True)
    refused = Attempt("through the relay", refused="media.stopping")
    checked = NodeCheck("media-1", [directly, refused])
    assert str(checked) == (
        "failed media-1: directly: no pictures, through the relay: refused, media.stopping"
    )
    assert str(Attempt("directly", connected=True)) == "directly: no sound and no pictures"
