"""Every fault by name, in the order in which they are run."""

from tests.faults import (
    bad_network,
    clocks_apart,
    deploy,
    five_tabs,
    nat_rebound,
    network_changed,
    node_hung,
    node_killed,
    phone_call,
    postgres_stopped,
    silent_death,
    valkey_killed,
    web_killed,
    websocket_black_hole,
    websocket_reset,
    worker_hung,
)
from tests.faults.fault import Fault

REGISTRY: dict[str, Fault] = {
    module.FAULT.name: module.FAULT
    for module in (
        websocket_reset,
        websocket_black_hole,
        network_changed,
        nat_rebound,
        phone_call,
        bad_network,
        web_killed,
        valkey_killed,
        node_killed,
        node_hung,
        deploy,
        worker_hung,
        postgres_stopped,
        silent_death,
        five_tabs,
        clocks_apart,
    )
}
