"""The one converter for opaque ids in addresses. What cannot be an id is no address: 404."""

from django.urls import register_converter
from django.urls.converters import StringConverter

from sessions.core.typed.ids import PATTERN


class OpaqueId(StringConverter):
    """URL-safe base64, as `models.keys.public_id` makes it. A NUL, which PostgreSQL takes in no
    text, and every other mark never reach a query."""

    regex = PATTERN


register_converter(OpaqueId, "id")  # once: importing this module makes `<id:…>` known
