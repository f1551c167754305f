"""Figures of a media node for Prometheus: THIRDS_METRICS=127.0.0.1:9464.

Owns their names. Reads the node's counters and no more: no room, no peer has a label.
"""

from collections.abc import Callable, Iterable

from prometheus_client import REGISTRY, CollectorRegistry, Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from server.media.messages import NodeLoad


class NodeFigures(Collector):
    """Those of one node; `load` gives them as they are now."""

    def __init__(self, load: Callable[[], NodeLoad]) -> None:
        self._load = load

    def collect(self) -> Iterable[Metric]:
        """Peers, whether it is about to end, and one counter with the name of each of the node's
        as its label."""
        load = self._load()
        yield GaugeMetricFamily("thirds_media_peers", "Peers connected", value=load.peers)
        yield GaugeMetricFamily(
            "thirds_media_draining", "1: its rooms move to other nodes", value=load.draining
        )
        counted = CounterMetricFamily(
            "thirds_media", "What the node counted, in packets or times", labels=["counter"]
        )
        for name, count in load.counters.items():
            counted.add_metric([name], count)
        yield counted


def serve(
    address: str, load: Callable[[], NodeLoad], registry: CollectorRegistry = REGISTRY
) -> int:
    """Serves at `host:port` from a thread of its own; gives the port. Nothing for no address."""
    if not address:
        return 0
    host, _, port = address.rpartition(":")
    registry.register(NodeFigures(load))
    server, _ = start_http_server(int(port), host, registry)
    return int(server.server_port)
