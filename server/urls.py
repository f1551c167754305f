"""Every address of the server. Of allauth's pages only the ones named here exist."""

from django.urls import include, path

from sessions.people import demo_sign_in, sign_in
from sessions.web.views.alive import alive

handler500 = "sessions.web.outage.fault"

urlpatterns = [
    path("sign-in/", sign_in.AskView.as_view(), name="account_login"),
    path("sign-in/", sign_in.AskView.as_view(), name="account_request_login_code"),
    path("sign-in/code/", sign_in.CodeView.as_view(), name="account_confirm_login_code"),
    path("sign-in/demo/<str:public_id>/", demo_sign_in.demo_sign_in, name="demo_sign_in"),
    path("sign-out/", sign_in.sign_out, name="account_logout"),
    path("", include("sessions.people.urls")),
    path("alive/", alive, name="alive"),
    path("", include("sessions.web.urls")),
]
