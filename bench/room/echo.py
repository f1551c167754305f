"""What `bench.room` is held to: the barest room that Daphne and Channels can serve.

An ASGI application of one consumer: whatever text one socket of a room sends is sent to all of
them through the channel layer, `ping` is answered with `pong`. No database, no presence, no
rules. It runs as the web process does, on the same Valkey.
"""

import os
from typing import Any

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import URLRouter
from django.conf import settings
from django.urls import path

settings.configure(
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [os.environ["REDIS_URL"]]},
        }
    }
)
django.setup()


class EchoConsumer(AsyncWebsocketConsumer):
    """One socket of a room that knows nothing."""

    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data == "ping":
            await self.send(text_data="pong")
        else:
            await self.channel_layer.group_send(self.room, {"type": "sent.on", "text": text_data})

    async def sent_on(self, message: dict[str, Any]) -> None:
        """To this socket."""
        await self.send(text_data=message["text"])


consumer: Any = EchoConsumer.as_asgi()  # Django's types know no ASGI applications
application = URLRouter([path("echo/<str:room>/", consumer)])
