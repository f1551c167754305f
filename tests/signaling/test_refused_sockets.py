"""LOG1, ORI1: what is written down of sockets that never reached a room."""

import pytest

from sessions.core.refusal import Refuse
from sessions.models import AuditEvent
from sessions.rooms.process import REFUSALS, Process
from sessions.signaling import refused_sockets
from tests.signaling.evening import Browser, Evening

pytestmark = pytest.mark.django_db(transaction=True)


async def rows(process: Process) -> list[tuple[str, str, bool]]:
    """Verb, outcome, and whether there is an actor."""

    def read() -> list[tuple[str, str, bool]]:
        found = AuditEvent.objects.filter(verb="room.enter").order_by("pk")
        return [(one.verb, one.outcome, one.actor_id is not None) for one in found]

    found = await process.database.run(read)
    assert not isinstance(found, Refuse)
    return found


async def test_log1_nobody_signed_in_leaves_a_row(process: Process, tonight: Evening) -> None:
    """Kills: a socket that is refused without a trace."""
    nobody = Browser(tonight.address, "thirds=nobody")
    assert await nobody.connect()
    assert await nobody.close_code() == 4401
    await nobody.drop()
    assert await rows(process) == [("room.enter", "permission.signed_out", False)]


async def test_ori1_page_of_another_origin_leaves_a_row(process: Process, tonight: Evening) -> None:
    stranger = Browser(tonight.address, tonight.cookies["Dana"], origin="https://evil.example")
    assert not await stranger.connect()
    await stranger.socket.wait()
    assert await rows(process) == [("room.enter", "connection.origin", False)]


async def test_strangers_fill_no_table(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: a row for every knock, however many knock."""
    written = 0

    async def count(*_: object) -> None:
        nonlocal written
        written += 1

    monkeypatch.setattr(process.database, "run", count)
    for _ in range(1000):
        await refused_sockets.write_down(process, "nowhere", Refuse("permission.signed_out"))
    assert REFUSALS <= written < 1000
