"""Opaque public ids: 128 random bits, safe in a URL, leading to nobody."""

import secrets


def public_id() -> str:
    """22 characters of URL-safe base64 (128 bits)."""
    return secrets.token_urlsafe(16)
