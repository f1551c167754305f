"""The URLs of sign-in beyond the e-mailed code. A page of one's own account is guarded by
`own_page` and has the attribute `own`; the others are for signing in and for unlocking."""

from django.urls import URLPattern, path

from sessions.web.sign_in.second_factor import authentication, pages

urlpatterns: list[URLPattern] = [
    path("sign-in/second/", authentication.second_page, name="mfa_authenticate"),
    path("sign-in/passkey/", authentication.passkey_sign_in, name="passkey_sign_in"),
    path("sign-in/unlock/", authentication.unlock, name="unlock"),
    path("sign-in/active/", authentication.still_here, name="still_here"),
    path("sign-in/held/", authentication.held, name="held"),
    path("your-sign-in/", pages.overview, name="second_factor"),
    path("your-sign-in/passkey/", pages.passkey_page, name="second_factor_passkey"),
    path("your-sign-in/app/", pages.app_page, name="second_factor_app"),
    path("your-sign-in/codes/", pages.codes_page, name="second_factor_codes"),
    path("your-sign-in/codes/new/", pages.new_codes, name="second_factor_new_codes"),
    path("your-sign-in/<int:pk>/remove/", pages.remove, name="second_factor_remove"),
    path("your-sign-in/later/", pages.later, name="second_factor_later"),
    path("your-sign-in/sign-out/", pages.sign_out_of_all, name="sign_out_everywhere"),
]
