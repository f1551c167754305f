"""`/alive/` and `/health/`: what a proxy, a container's health check and monitoring ask.

`/alive/` says that this web process answers, and decides whether it is started again. It reads
nothing: a process without PostgreSQL or Redis is still alive, and so is one whose worker hangs.
`/health/` says whether the worker does its rounds. It is for monitoring and starts nothing again:
a web process that is fine would throw everybody out for another process's fault. It also names the
time zone rules that this process counts by: two that name different ones are of two releases.
"""

from importlib.metadata import version
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from sessions.live.heartbeat import is_late
from sessions.rooms.health import worker_age_s

TZDATA: Final = version("tzdata")


@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """For anyone, signed in or not."""
    return HttpResponse("alive", content_type="text/plain")


@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """For anyone: 200, or 503 when no worker has done a round lately. `age_s` is null where that
    is not known."""
    age = worker_age_s()
    late = is_late(age)
    shown = round(age, 1) if isinstance(age, float) else None
    said: dict[str, Any] = {"worker": {"age_s": shown, "late": late}, "tzdata": TZDATA}
    return JsonResponse(said, status=503 if late else 200)
