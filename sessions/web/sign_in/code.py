"""The pages of sign-in: ask for a code, type it, sign out.

Owns that a stranger learns nothing here: a known and an unknown address get the same answer by
the same steps (the same queries, one code made, one envelope queued). The flow between the pages
is allauth's; its other pages are not routed. Must not know tracks.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.account.internal.flows.logout import logout
from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
from allauth.core import context, ratelimit
from django import forms
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.generic import FormView

from sessions.audit.services import record
from sessions.models import Person
from sessions.people.mail import Envelope, enqueue
from sessions.people.second_factor.selectors import passkeys_work
from sessions.people.selectors import account_for_sign_in
from sessions.web.sign_in.adapter import EARLIER_CODES, SIGN_IN
from sessions.web.sign_in.demo import demo_context

CODE_WORKS: Final = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
CLEAR: Final = '"cache", "storage"'
"""What a browser deletes at sign-out (W3C Clear Site Data), because somebody else may use it next.
Django deletes the cookie of the login session."""
NOTE: Final = "sign_in_note"  # key of request.session: shown once on the next sign-in page
NOTE_PASSKEY: Final = "passkey"
NOTES: Final = {
    NOTE_PASSKEY: "This passkey did not open your page. Try again, or ask for a code.",
    "next": "Sign in to go on. Then we open the page you asked for.",
    "over": "That code has been used, or its time is over. Send a new one.",
    "tries": "That was many tries, so the code is used up. Send a new one.",
}
EARLIER: Final = "That code is from an earlier e-mail. Use the newest one."
EMPTY_CODE: Final = "Type the six digits from the e-mail."


class AskForm(RequestLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    """An address. One query looks the account up, whether it exists or not."""

    email = forms.EmailField(
        label="Your e-mail",
        max_length=254,
        error_messages={
            "required": "Type your e-mail address.",
            "invalid": "That address has no @, or ends too early. Type it once more.",
        },
    )

    def clean_email(self) -> str:
        """Counts the attempt first; sets `_user` for the view."""
        email = str(self.cleaned_data["email"]).lower()
        if not ratelimit.consume(context.request, action="request_login_code", key=email):
            raise get_adapter().validation_error("too_many_login_attempts")
        self._user = account_for_sign_in(email)
        return email


class CodeForm(ConfirmLoginCodeForm):  # type: ignore[misc]
    """Six digits; spaces and dashes are ignored."""

    code = forms.CharField(
        label="Six digits", max_length=16, error_messages={"required": EMPTY_CODE}
    )

    def clean_code(self) -> str:
        typed = "".join(filter(str.isdigit, self.cleaned_data["code"]))
        earlier = context.request.session.get(EARLIER_CODES, [])[:-1]
        if typed in earlier and typed != self.expected_code:
            raise forms.ValidationError(EARLIER, code="earlier_code")
        return str(super().clean_code())


class AskView(RequestLoginCodeView):  # type: ignore[misc]
    """`/sign-in/`: the address. Also reached while a code is awaited, to change the address."""

    template_name = "sign_in/ask.html"
    form_class = AskForm

    def get_form_class(self) -> type[AskForm]:
        return AskForm

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Skips allauth's own dispatch, which reads the account's row in order to redirect a
        browser that already waits for a code."""
        if request.user.is_authenticated:
            return redirect(get_adapter().get_login_redirect_url(request))
        return FormView.dispatch(self, request, *args, **kwargs)

    @property
    def asked_for(self) -> bool:
        """Whether another page of ours redirected here; for the first page no note is shown."""
        return bool(self.request.GET.get(REDIRECT_FIELD_NAME, "/") != "/")

    def get_initial(self) -> dict[str, Any]:
        return {"email": self.request.session.get(SIGN_IN, {}).get("email", "")}

    def form_valid(self, form: AskForm) -> HttpResponse:
        until = timezone.now() + CODE_WORKS
        self.request.session[SIGN_IN] = {
            "email": form.cleaned_data["email"],
            "until": until.isoformat(),
        }
        if form._user is None:  # unknown address: the same steps
            code = get_adapter().generate_login_code()
            enqueue(Envelope(None, code, CODE_WORKS // timedelta(minutes=1)))
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: AskForm) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if form.has_error("email", "too_many_login_attempts"):
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        note = self.request.session.pop(NOTE, "next" if self.asked_for else "")
        extra = {
            "note": NOTES.get(note, ""),
            "next": self.request.GET.get(REDIRECT_FIELD_NAME, ""),
            "passkeys_work": passkeys_work(),
            **demo_context(self.request),
            "staff_phone": settings.THIRDS_STAFF_PHONE,
        }
        return {**super().get_context_data(**kwargs), **extra}


class CodeView(ConfirmLoginCodeView):  # type: ignore[misc]
    """`/sign-in/code/`: the code. When none is pending, back to the address with a note."""

    template_name = "sign_in/code.html"

    def get_form_class(self) -> type[CodeForm]:
        return CodeForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        stage = getattr(request, "_login_stage", None)
        if stage is not None and stage.login.user is None:
            Person.objects.filter(pk=0).first()  # the same work as for a known address
        if getattr(response, "url", None) == reverse("account_login"):
            request.session.setdefault(NOTE, "over")
        return response

    def form_valid(self, form: CodeForm) -> HttpResponse:
        """The right code; refused if the account was closed or got another address since it was
        sent."""
        person = self.stage.login.user
        if not person.is_active or person.email != self._process.state["email"]:
            self._process.abort()
            return redirect("account_login")
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: CodeForm) -> HttpResponse:
        """Recorded for known and for unknown addresses; the latter have no subject."""
        refused = form.errors.as_data()["code"][0].code or "code"
        record(None, "account.sign_in", f"account.{refused}", subject=self.stage.login.user)
        response: HttpResponse = super().form_invalid(form)
        if response.status_code == HTTPStatus.FOUND:  # allauth: no tries are left
            self.request.session[NOTE] = "tries"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        email = self.request.session.get(SIGN_IN, {}).get("email", "")
        extra = {"email": email, "masked": masked(email)}
        return {**super().get_context_data(**kwargs), **extra}


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """`/sign-out/`: POST only, so that no link and no picture signs anybody out."""
    logout(request)
    response = redirect("account_login")
    response.headers["Clear-Site-Data"] = CLEAR
    return response


def masked(email: str) -> str:
    """The first character and the domain: enough to notice a typing error, and nothing more."""
    name, _, domain = email.partition("@")
    return f"{name[:1]}…@{domain}" if domain else ""
