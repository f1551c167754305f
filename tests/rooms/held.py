"""A transaction that holds a room's row lock until the test lets it go."""

import asyncio
import threading

from django.db import connection, transaction

from sessions.models import Room
from tests.signaling.evening import PATIENCE_S


class Held:
    """A transaction on a thread of its own that holds a room's row lock until it is let go."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.holds = threading.Event()
        self.let_go = threading.Event()
        self.thread = threading.Thread(target=self._hold, daemon=True)

    def _hold(self) -> None:
        try:
            with transaction.atomic():
                Room.objects.select_for_update().get(pk=self.room.pk)
                self.holds.set()
                self.let_go.wait(PATIENCE_S)
        finally:
            connection.close()

    async def __aenter__(self) -> "Held":
        self.thread.start()
        await asyncio.to_thread(self.holds.wait, PATIENCE_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.let_go.set()
        await asyncio.to_thread(self.thread.join, PATIENCE_S)
