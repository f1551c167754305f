"""A script for pages whose media go through a relay: the node's answer names the node's own port,
and this page is handed the relay's instead. Owns the one place of an answer that names it."""

import json
from typing import Final

from tests.impairment.relay import DatagramRelay

_SCRIPT: Final = """(() => {
    const accept = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (given) {
        let { type, sdp } = given;
        for (const [node, relay] of Object.entries(PORTS))
            sdp = sdp.replaceAll(` ${node} typ host`, ` ${relay} typ host`);
        return accept.call(this, { type, sdp });
    };
})()"""


def answer_by_relay(relay: DatagramRelay) -> str:
    """For `add_init_script`."""
    return _SCRIPT.replace("PORTS", json.dumps(relay.ports))
