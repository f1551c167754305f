"""The Permissions-Policy header of every answer, beyond the policies that Django sends.

Our own pages may use camera and microphone; features that a group never needs are off for
everyone. Knows no page.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

Answers = Callable[[HttpRequest], Any]  # a response, or what awaits one

ALLOWED = ("camera", "microphone", "autoplay", "fullscreen", "screen-wake-lock")
DISABLED = (
    "accelerometer",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "midi",
    "payment",
    "usb",
)
POLICY = ", ".join([f"{name}=(self)" for name in ALLOWED] + [f"{name}=()" for name in DISABLED])


@sync_and_async_middleware
def permissions_policy(get_response: Answers) -> Answers:
    """A middleware: `Permissions-Policy` (W3C) on every answer, a page's or a file's. Sync or
    async like the handler behind it, so that the server changes no threads."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            return with_policy(await get_response(request))

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        return with_policy(get_response(request))

    return answer


def with_policy(response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Permissions-Policy"] = POLICY
    return response
