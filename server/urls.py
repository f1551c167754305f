"""Every address of the server. Of allauth's pages only the ones named here exist."""

from django.urls import include, path

from sessions.web import converters  # noqa: F401  # makes `<id:…>` known
from sessions.web.sign_in import code, demo
from sessions.web.views.alive import alive, health

handler500 = "sessions.web.circuit_breaker.fault"
urlpatterns = [
    path("sign-in/", code.AskView.as_view(), name="account_login"),
    path("sign-in/", code.AskView.as_view(), name="account_request_login_code"),
    path("sign-in/code/", code.CodeView.as_view(), name="account_confirm_login_code"),
    path("sign-in/demo/<id:public_id>/", demo.demo_sign_in, name="demo_sign_in"),
    path("sign-out/", code.sign_out, name="account_logout"),
    path("", include("sessions.web.sign_in.urls")),
    path("alive/", alive, name="alive"),
    path("health/", health, name="health"),
    path("", include("sessions.web.urls")),
]
