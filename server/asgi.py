"""The web process: pages over HTTP, rooms over websockets."""

import os

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings.development")
pages = get_asgi_application()

from server import arrivals, sockets  # noqa: E402
from server.logs import hook_uncaught  # noqa: E402
from sessions.rooms.process import this_process  # noqa: E402  Django has to be set up first
from sessions.signaling.routing import websockets  # noqa: E402

hook_uncaught()
if not settings.THIRDS_BEHIND_PROXY:
    arrivals.install()
sockets.install()
application = ProtocolTypeRouter({"http": pages, "websocket": websockets(this_process())})
