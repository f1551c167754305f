"""`{% idempotency_key %}`: the hidden field that each form has beside `{% csrf_token %}`."""

import secrets

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions.web.idempotency.middleware import FIELD

register = template.Library()


@register.simple_tag
def idempotency_key() -> SafeString:
    """A new key each time: a page has one for each form."""
    field = '<input type="hidden" name="{}" value="{}" autocomplete="off">'
    return format_html(field, FIELD, secrets.token_urlsafe(16))
