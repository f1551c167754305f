"""The environment of the processes, and the secrets kept for it."""

import ipaddress
import stat
from pathlib import Path

from server.launcher.arguments import own_address
from server.launcher.contract import environment, kept_key, kept_secret, restricted
from server.launcher.services import Services
from server.launcher.web import WebAddress
from sessions.core.key_ring import KeyRing

SERVICES = Services("postgresql://thirds@%2Fs/thirds", "unix:///s/valkey.sock?db=0", Path("/s"))


def test_a_secret_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    first = kept_secret(tmp_path / "secret-key")
    assert kept_secret(tmp_path / "secret-key") == first
    assert kept_secret(tmp_path / "other") != first
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_an_empty_secret_is_made_anew(tmp_path: Path) -> None:
    """Kills: taking a file that a full disk cut short for a secret."""
    (tmp_path / "secret-key").touch()
    assert len(kept_secret(tmp_path / "secret-key")) >= 50


def test_a_key_is_a_ring_of_one_and_stays(tmp_path: Path) -> None:
    ring = KeyRing.parse(kept_key(tmp_path / "field-key"))
    assert ring == KeyRing.parse(kept_key(tmp_path / "field-key"))
    assert ring != KeyRing.parse(kept_key(tmp_path / "audit-key"))


def test_own_address_is_an_ipv4_address() -> None:
    assert ipaddress.ip_address(own_address()).version == 4


def test_every_process_is_told_the_same(tmp_path: Path) -> None:
    env = environment(SERVICES, WebAddress(8123), tmp_path, demo=True, base={"PATH": "/bin"})
    announced = env.pop("THIRDS_MEDIA_ANNOUNCE").split(",")
    assert announced[0] == "127.0.0.1"
    assert announced[-1] == own_address()
    assert env.pop("THIRDS_MEDIA_BIND") == ("0.0.0.0" if len(announced) > 1 else "127.0.0.1")
    assert env == {
        "PATH": "/bin",
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "server.settings.development",
        "DATABASE_URL": "postgresql://thirds@%2Fs/thirds",
        "REDIS_URL": "unix:///s/valkey.sock?db=0",
        "THIRDS_ORIGIN": "http://127.0.0.1:8123",
        "THIRDS_SECRET_KEY": kept_secret(tmp_path / "secret-key"),
        "THIRDS_MEDIA_SECRET": kept_secret(tmp_path / "media-secret"),
        "THIRDS_AUDIT_KEYS": kept_key(tmp_path / "audit-key"),
        "THIRDS_AUDIT_CHECKPOINTS": str(tmp_path / "audit-checkpoints"),
        "THIRDS_FIELD_KEYS": kept_key(tmp_path / "field-key"),
        "THIRDS_MEDIA_CONTROL": "unix:/s/media.sock",
        "THIRDS_MEDIA_PORT": "0",
        "THIRDS_DEMO": "1",
        "THIRDS_DEMO_CODE": "",
    }


def test_a_demo_of_the_outer_environment_does_not_pass(tmp_path: Path) -> None:
    """Demo sign-in exists on our own database only. Kills: merging `base` last."""
    env = environment(SERVICES, WebAddress(8123), tmp_path, demo=False, base={"THIRDS_DEMO": "1"})
    assert env["THIRDS_DEMO"] == ""


def test_web_and_worker_connect_as_a_role_of_their_own(tmp_path: Path) -> None:
    env = environment(SERVICES, WebAddress(8123), tmp_path, demo=True, base={})
    assert restricted(env) == {**env, "DATABASE_URL": "postgresql://thirds_web@%2Fs/thirds"}
