"""Outline icons, drawn inline so that a page loads nothing from another origin."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

PATHS = {
    "home": "M4 11l8-7 8 7v8a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 19zM9.5 20.5v-6h5v6",
    "list": "M8.5 6.5h11M8.5 12h11M8.5 17.5h11M4.5 6.5h.1M4.5 12h.1M4.5 17.5h.1",
    "people": "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0"
    "M16 4.9a3.5 3.5 0 0 1 0 6.2M18 14.4a6.5 6.5 0 0 1 3.5 5.6",
    "calendar": "M5.5 5.5h13A1.5 1.5 0 0 1 20 7v11.5a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 "
    "18.5V7a1.5 1.5 0 0 1 1.5-1.5zM4 10h16M8.5 3.5v4M15.5 3.5v4",
    "menu": "M4 7h16M4 12h16M4 17h16",
    "check": "M5 12.5l4.5 4.5L19 7.5",
    "warning": "M12 4l9 16H3zM12 10v4.5M12 17.3v.1",
    "clock": "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7.5V12l3 2",
    "plus": "M12 5v14M5 12h14",
    "key": "M15.5 4.5a4.5 4.5 0 1 1-3.9 6.75L4 18.85V21h3v-2h2v-2h2l2.3-2.3M16.5 8h.01",
    "back": "M15 6l-6 6 6 6",
}


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon of 22 px (`size="s"`: 18). Decoration only: the text beside it has the meaning."""
    path = mark_safe(PATHS[name])  # noqa: S308  constants of this file
    return format_html(
        '<svg class="i {}" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>', size, path
    )
