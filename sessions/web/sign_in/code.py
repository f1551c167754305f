"""The pages of sign-in: ask for a code, type it, sign out.

Owns that a stranger learns nothing here: a known and an unknown address get the same answer by
the same steps (the same queries, one code made, one envelope queued). The flow between the pages
is allauth's; its other pages are not routed. Must not know tracks.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.flows.logout import logout
from allauth.account.internal.stagekit import stash_login
from allauth.account.models import Login
from allauth.account.stages import LoginByCodeStage, LoginStageController
from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
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
from sessions.core.refusal import Refuse, sentence
from sessions.core.typed import digits
from sessions.core.typed.email import LONGEST, email_address, shown_email
from sessions.models import Person
from sessions.people.codes.services import Live, code_ask, code_try
from sessions.people.mail import Envelope, enqueue
from sessions.people.second_factor.selectors import passkeys_work
from sessions.people.selectors import account_for_sign_in
from sessions.web.sign_in import limits
from sessions.web.sign_in.adapter import SIGN_IN
from sessions.web.sign_in.demo import demo_context
from sessions.web.sign_in.device import device_of, remember_device
from sessions.web.sign_in.notes import note_words, to_sign_in

CLEAR: Final = '"cache", "storage"'
"""What a browser deletes at sign-out (W3C Clear Site Data), because somebody else may use it next.
Django deletes the cookie of the login session."""
NO_ADDRESS: Final = "That address has no @, or ends too early. Type it once more."
EMPTY_CODE: Final = "Type the six digits from the e-mail."
ADDRESS_WORDS: Final = {
    "person.email": NO_ADDRESS,
    "person.email_many": sentence(Refuse("person.email_many")),
}
NO_CODE: Final = "A code has six digits. Look at the newest e-mail and type them."
LIMITS: Final = ("codes.asked_often", "codes.busy", "codes.stopped", "codes.stopped_today")


class AskForm(forms.Form):
    """An address. One query looks the account up, whether it exists or not."""

    person: Person | None
    live: Live
    email = forms.CharField(
        label="Your e-mail",
        max_length=LONGEST,
        error_messages={
            "required": "Type your e-mail address.",
            "max_length": NO_ADDRESS,
        },
    )

    def __init__(self, request: HttpRequest, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.request = request

    def clean_email(self) -> str:
        """Counts the attempt first; sets `person` and `live` for the view."""
        email = email_address(str(self.cleaned_data["email"]))
        if isinstance(email, Refuse):
            raise forms.ValidationError(ADDRESS_WORDS[email.code], code=email.code)
        device = device_of(self.request).of(email)
        if limited := limits.ask_limited(self.request, email, device):
            raise refused(limited)
        self.person = account_for_sign_in(email)
        live = code_ask(email, device, timezone.now())
        if isinstance(live, Refuse):
            raise refused(live)
        self.live = live
        return email


class CodeForm(forms.Form):
    """Six digits, with whatever was pasted around them. `attempt` compares them."""

    code = forms.CharField(
        label="Six digits", max_length=digits.LONGEST, error_messages={"required": EMPTY_CODE}
    )

    def __init__(
        self, *arguments: Any, attempt: Callable[[str], Refuse | None], **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self.attempt = attempt

    def clean_code(self) -> str:
        """A text without six digits is no guess, and is not counted as one."""
        typed = digits.code_digits(self.cleaned_data["code"])
        if len(typed) != digits.LENGTH:
            raise forms.ValidationError(NO_CODE, code="no_code")
        if refusal := self.attempt(typed):
            raise refused(refusal)
        return typed


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
        return {"email": shown_email(self.request.session.get(SIGN_IN, {}).get("email", ""))}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: AskForm) -> HttpResponse:
        """The same steps for a known and an unknown address; only an envelope has none."""
        email, live = form.cleaned_data["email"], form.live
        self.request.session[SIGN_IN] = {"email": email}
        await_code(self.request, form.person, email)
        enqueue(Envelope(email if form.person else None, live.code, live.minutes))
        return redirect(self.get_success_url())

    def form_invalid(self, form: AskForm) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if any(form.has_error("email", code) for code in LIMITS):
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        extra = {
            "note": note_words(self.request, "next" if self.asked_for else ""),
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

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        stage = getattr(request, "_login_stage", None)
        if stage is not None and stage.login.user is None:
            Person.objects.filter(pk=0).first()  # the same work as for a known address
        if getattr(response, "url", None) == reverse("account_login"):
            return to_sign_in("over" if SIGN_IN in request.session else "device")
        return response

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**FormView.get_form_kwargs(self), "attempt": self.attempt}

    @property
    def email(self) -> str:
        """The address that this browser asked a code for."""
        return str(self._process.state["email"])

    def attempt(self, typed: str) -> Refuse | None:
        """Compares what was typed with the live code of the address."""
        device, person = device_of(self.request).of(self.email), self.stage.login.user
        return code_try(self.email, device, typed, timezone.now(), person=person)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        """The right code; refused if the account was closed or got another address since it was
        sent."""
        person = self.stage.login.user
        if not person.is_active or person.email != self.email:
            self._process.abort()
            return to_sign_in("over")
        response: HttpResponse = self._verify_form_valid(form)
        remember_device(self.request, response, person.email)
        return response

    def form_invalid(self, form: CodeForm) -> HttpResponse:
        """Recorded for known and for unknown addresses; the latter have no subject."""
        code = form.errors.as_data()["code"][0].code or "code"
        outcome = code if code.startswith("codes.") else f"account.{code}"
        record(None, "account.sign_in", outcome, subject=self.stage.login.user)
        if code == "codes.over":
            return to_sign_in("over")
        response = FormView.form_invalid(self, form)
        if code in LIMITS:
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        email = shown_email(self.email)
        extra = {"email": email, "masked": masked(email)}
        return {**super().get_context_data(**kwargs), **extra}


def await_code(request: HttpRequest, person: Person | None, email: str) -> None:
    """This browser may type the code of this address from now on. It is as in allauth's own
    flow, except that the login session holds no code."""
    login = Login(user=person, email=email)
    login.state["stages"] = {"current": LoginByCodeStage.key}
    stage = LoginByCodeStage(LoginStageController(request, login), request, login)
    state = LoginCodeVerificationProcess.initial_state(user=person, email=email)
    stage.state.update({**state, "initiated_by_user": True})
    stash_login(request, login)


def refused(refusal: Refuse) -> forms.ValidationError:
    """A refusal as the error of a field."""
    return forms.ValidationError(sentence(refusal), code=refusal.code)


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
