"""The websocket's one address."""

from typing import Any

from django.urls import path

from sessions.signaling.consumer import RoomConsumer

room: Any = RoomConsumer.as_asgi()  # Django's types know no ASGI applications
websocket_urlpatterns: list[Any] = [path("ws/rooms/<str:session>/", room)]
