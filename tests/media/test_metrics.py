"""The figures of a media node: its counters by name, and nothing of a room or a peer."""

import urllib.request

from prometheus_client import CollectorRegistry

from server.media import metrics
from server.media.counters import Counters
from server.media.messages import NodeLoad


def test_every_counter_of_the_node_is_scraped_under_its_name() -> None:
    counters = Counters(forwarded=7, srtp_refused=2)
    load = NodeLoad(
        node="one", peers=3, packets_per_second=0, counters=counters.as_dict(), draining=True
    )
    port = metrics.serve("127.0.0.1:0", lambda: load, CollectorRegistry())
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    figures = [line for line in lines if not line.startswith("#")]
    named = [f'thirds_media_total{{counter="{n}"}} {c:.1f}' for n, c in counters.as_dict().items()]
    assert figures == ["thirds_media_peers 3.0", "thirds_media_draining 1.0", *named]
