"""The URLs of the pages. Opaque ids only: a URL says nothing about a person."""

from django.urls import URLPattern, URLResolver, path

from sessions.web import converters  # noqa: F401  # makes `<id:…>` known
from sessions.web.views.details import person_details_page, session_details_page
from sessions.web.views.echo import echo_begin, echo_end, echo_relay, echo_report
from sessions.web.views.home import home
from sessions.web.views.own_zone import own_zone_page
from sessions.web.views.people import (
    account_request,
    people_page,
    person_add_page,
    person_allow_codes,
    person_close,
    person_page,
    person_start_over,
)
from sessions.web.views.record import attendance_page
from sessions.web.views.rooms import room_page
from sessions.web.views.rosters import roster_page
from sessions.web.views.tracks import (
    session_cancel_page,
    track_add_page,
    track_change_page,
    track_page,
    tracks_page,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("your-time-zone/", own_zone_page, name="own_zone"),
    path("people/", people_page, name="people"),
    path("people/add/", person_add_page, name="person_add"),
    path("people/requests/<id:public_id>/", account_request, name="account_request"),
    path("people/<id:public_id>/", person_page, name="person"),
    path("people/<id:public_id>/account/", person_close, name="person_close"),
    path("people/<id:public_id>/start-over/", person_start_over, name="person_start_over"),
    path("people/<id:public_id>/allow-codes/", person_allow_codes, name="person_allow_codes"),
    path("people/<id:public_id>/details/", person_details_page, name="person_details"),
    path("tracks/", tracks_page, name="tracks"),
    path("tracks/add/", track_add_page, name="track_add"),
    path("tracks/<id:public_id>/", track_page, name="track"),
    path("tracks/<id:public_id>/change/", track_change_page, name="track_change"),
    path("sessions/<id:public_id>/cancel/", session_cancel_page, name="session_cancel"),
    path("sessions/<id:public_id>/attendance/", attendance_page, name="attendance"),
    path("sessions/<id:public_id>/roster/", roster_page, name="roster"),
    path("sessions/<id:public_id>/details/<id:key>/", session_details_page, name="session_details"),
    path("rooms/<id:public_id>/", room_page, name="room"),
    path("echo/", echo_begin, name="echo"),
    path("echo/report/", echo_report, name="echo_report"),
    path("echo/relay/", echo_relay, name="echo_relay"),
    path("echo/end/", echo_end, name="echo_end"),
]
