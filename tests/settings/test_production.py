"""Production settings start only when they are safe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "server.settings.production",
    "THIRDS_SECRET_KEY": "a-long-value-of-its-own-of-32-bytes",
    "THIRDS_MEDIA_SECRET": "another-long-value-of-32-bytes-or-more",
    "THIRDS_AUDIT_KEYS": f"a:{'a' * 43}",
    "THIRDS_FIELD_KEYS": f"f:{'f' * 43}",
    "THIRDS_ORIGIN": "https://thirds.example",
    "THIRDS_EMAIL_URL": "smtp://thirds:secret@mail.example:587",
    "THIRDS_EMAIL_FROM": "Thirds <no-reply@thirds.health>",
    "DATABASE_URL": "postgresql:///thirds",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "THIRDS_DEMO=False"),
        ({"THIRDS_DEMO": "1"}, "THIRDS_DEMO is for development"),
        ({"THIRDS_SECRET_KEY": "development-only-secret-never-in-production"}, "own long values"),
        ({"THIRDS_SECRET_KEY": "x" * 31}, "THIRDS_SECRET_KEY has to be 32 bytes or longer"),
        ({"THIRDS_MEDIA_SECRET": ""}, "THIRDS_MEDIA_SECRET has to be 32 bytes or longer"),
        ({"THIRDS_TURN_URLS": "turns:a:1"}, "THIRDS_TURN_SECRET has to be 32 bytes or longer"),
        ({"THIRDS_EMAIL_FROM": ""}, "Set THIRDS_EMAIL_FROM"),
        ({"THIRDS_EMAIL_FROM": "Thirds <no-reply@example.org>"}, "Set THIRDS_EMAIL_FROM"),
        ({"THIRDS_AUDIT_KEYS": ""}, "THIRDS_AUDIT_KEYS: a key is given as id:key"),
        ({"THIRDS_AUDIT_KEYS": f"development:{'A' * 43}"}, "Set THIRDS_AUDIT_KEYS"),
        ({"THIRDS_FIELD_KEYS": f"development:{'A' * 43}"}, "Set THIRDS_FIELD_KEYS"),
        ({"THIRDS_FIELD_KEYS": f"a:{'a' * 43}"}, "two different keys"),
        ({"THIRDS_BACKUP_KEYS": f"f:{'f' * 43}"}, "a key of its own"),
        ({"THIRDS_ORIGIN": "http://thirds.example"}, "https:// address"),
        ({"THIRDS_EMAIL_URL": ""}, "Set THIRDS_EMAIL_URL"),
        ({"THIRDS_EMAIL_URL": "http://mail.example"}, "Set THIRDS_EMAIL_URL"),
    ],
)
def test_production_settings_start_only_when_they_are_safe(
    change: dict[str, str], said: str
) -> None:
    code = "from django.conf import settings; print(f'THIRDS_DEMO={settings.THIRDS_DEMO}')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], **PRODUCTION, **change},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in done.stdout + done.stderr
    assert (done.returncode == 0) == (change == {})
