"""What every answer tells the browser to leave alone, beyond the policies that Django sends.

Camera and microphone are for our own pages; what a group never needs is nobody's. Knows no page.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

Answers = Callable[[HttpRequest], Any]  # a response, or what awaits one

OURS = ("camera", "microphone", "autoplay", "fullscreen", "screen-wake-lock")
NOBODYS = (
    "accelerometer",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "midi",
    "payment",
    "usb",
)
POLICY = ", ".join([f"{name}=(self)" for name in OURS] + [f"{name}=()" for name in NOBODYS])


@sync_and_async_middleware
def permissions_policy(get_response: Answers) -> Answers:
    """A middleware: `Permissions-Policy` (W3C) on every answer, a page's or a file's. It never
    makes the server change threads, so it is of the kind of what stands behind it."""
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
