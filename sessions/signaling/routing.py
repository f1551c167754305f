"""The websocket's one address, for one process."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path

from sessions.rooms.process import Process
from sessions.signaling.consumer import RoomConsumer
from sessions.signaling.origin import ExactOrigin


def websockets(process: Process) -> ExactOrigin:
    """The ASGI application of all rooms' sockets."""
    room: Any = RoomConsumer.as_asgi(process=process)  # Django's types know no ASGI applications
    return ExactOrigin(process, URLRouter([path("ws/rooms/<str:session>/", room)]))
