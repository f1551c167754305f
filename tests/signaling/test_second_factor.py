"""A room's socket asks for the second factor as every page does, and knows no lock."""

import json
from importlib import import_module

import pytest
from django.conf import settings

from sessions.people.second_factor.selectors import ACTIVE_AT
from sessions.rooms.process import Process
from sessions.signaling.messages import COMMANDS
from sessions.signaling.messages.base import name_of
from tests.signaling.evening import Browser, Evening

pytestmark = pytest.mark.django_db(transaction=True)


def change(cookie: str, *, forget: str) -> None:
    """Takes something out of the login session behind a cookie."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(cookie.partition("=")[2])
    del store[forget]
    store.save()


async def test_no_command_is_heard_before_the_second_factor(
    process: Process, tonight: Evening
) -> None:
    """Every command there is. Killed by: asking it of pages alone."""
    cookie = tonight.cookies["Dana"]
    await process.database.run(change, cookie, forget="account_authentication_methods")
    assert len(COMMANDS) > 20
    for command in COMMANDS:
        dana = Browser(tonight.address, cookie)
        assert await dana.connect()
        await dana.send(json.dumps({"type": name_of(command), "id": 1}))
        assert await dana.close_code() == 4403
        assert [event["type"] for event in dana.events] == ["closing"]
        assert dana.events[0]["code"] == "permission.second_factor"


async def test_desk_that_is_locked_still_leads_the_group(
    process: Process, tonight: Evening
) -> None:
    """Killed by: the lock asked of the socket."""
    await process.database.run(change, tonight.cookies["Dana"], forget=ACTIVE_AT)
    dana = tonight.browser("Dana")
    assert (await dana.hello())["type"] == "ok"
    assert (await dana.ask("room.start"))["type"] == "ok"
    await dana.drop()


async def test_client_needs_none(process: Process, tonight: Evening) -> None:
    cookie = tonight.cookies["Sam"]
    await process.database.run(change, cookie, forget="account_authentication_methods")
    sam = Browser(tonight.address, cookie)
    assert (await sam.hello())["type"] == "ok"
    await sam.drop()
