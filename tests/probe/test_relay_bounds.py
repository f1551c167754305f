"""What coturn refuses under deploy/turnserver.conf: peers that are no media node, access that has
run out, access of somebody else's making. A permission sends nothing to the address it is for."""

import asyncio
import time
from pathlib import Path

import pytest
from aioice import stun
from aioice.turn import TurnClientUdpProtocol

from server.media.client import RelayAccess, relay_access
from server.media.relay import VALID_S
from tests.probe.coturn import HERE, SECRET, Coturn, running_coturn

PORT = 40001
UNAUTHORIZED, FORBIDDEN = 401, 403
NO_NODES = (
    "127.0.0.2",
    "0.0.0.1",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "198.51.100.7",
    "224.0.0.1",
    "255.255.255.255",
)


def given(relay: Coturn, now_s: float) -> RelayAccess:
    return relay_access(relay.urls, SECRET, "somebody", now_s)


async def allocated(relay: Coturn, access: RelayAccess) -> TurnClientUdpProtocol:
    """An allocation of somebody with this access. Raises stun.TransactionFailed if refused."""

    def client() -> TurnClientUdpProtocol:
        return TurnClientUdpProtocol(
            (HERE, relay.port), access.username, access.credential, 600, channel_refresh_time=500
        )

    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(client, remote_addr=(HERE, relay.port))
    await protocol.connect()
    return protocol


async def permission(client: TurnClientUdpProtocol, address: str) -> int:
    """0, or the code with which the relay refuses to send to this address."""
    asked = stun.Message(
        message_method=stun.Method.CREATE_PERMISSION, message_class=stun.Class.REQUEST
    )
    asked.attributes["XOR-PEER-ADDRESS"] = (address, PORT)
    try:
        await client.request_with_retry(asked)
    except stun.TransactionFailed as refused:
        return int(refused.response.attributes["ERROR-CODE"][0])
    return 0


async def test_relay_sends_to_the_node_and_to_nobody_else(folder: Path) -> None:
    """Kills: a relay that reaches its host's other loopback addresses, private networks, a cloud's
    own service, or the rest of the world."""
    async with running_coturn(folder) as relay:
        client = await allocated(relay, given(relay, time.time()))
        answers = {address: await permission(client, address) for address in (HERE, *NO_NODES)}
        assert answers == {HERE: 0, **dict.fromkeys(NO_NODES, FORBIDDEN)}


@pytest.mark.parametrize("seconds_ago", [VALID_S + 1, 10 * VALID_S])
async def test_access_that_has_run_out_is_refused(folder: Path, seconds_ago: int) -> None:
    async with running_coturn(folder) as relay:
        with pytest.raises(stun.TransactionFailed) as refused:
            await allocated(relay, given(relay, time.time() - seconds_ago))
        assert refused.value.response.attributes["ERROR-CODE"][0] == UNAUTHORIZED


async def test_access_of_another_secret_is_refused(folder: Path) -> None:
    async with running_coturn(folder) as relay:
        made_up = relay_access(relay.urls, "another secret", "somebody", time.time())
        with pytest.raises(stun.TransactionFailed) as refused:
            await allocated(relay, made_up)
        assert refused.value.response.attributes["ERROR-CODE"][0] == UNAUTHORIZED
