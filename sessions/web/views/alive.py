"""`/alive/`: that this web process answers, for the proxy and the container's health check.

Reads nothing and reveals nothing: a process without PostgreSQL or Redis is still alive.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache


@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """For anyone, signed in or not."""
    return HttpResponse("alive", content_type="text/plain")
