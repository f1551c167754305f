"""The product's application without heartbeats: only news ends what is open."""

import daphne.server  # noqa: F401  it chooses Twisted's reactor

from server.asgi import application
from sessions.signaling.consumer import RoomConsumer

RoomConsumer.beat_s = 600.0

__all__ = ["application"]
