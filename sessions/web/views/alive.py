"""`/alive/`: that this web process answers, for the proxy and the container's health check.

Reads nothing and tells nothing: neither PostgreSQL's nor Redis's absence makes a process dead.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache


@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """For anyone: one word."""
    return HttpResponse("alive", content_type="text/plain")
