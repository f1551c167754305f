"""`./run --lan`: its certificate, its code and its square code."""

import re
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from server.launcher import lan
from server.launcher.web import Certificate, WebAddress

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
HOST = "192.0.2.7"


@pytest.fixture
def files(tmp_path: Path) -> Certificate:
    return lan.certificate_for(HOST, tmp_path / "lan", NOW)


def test_a_certificate_is_for_the_address_alone(files: Certificate) -> None:
    found = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name) for name in names.get_values_for_type(x509.IPAddress)] == [HOST]
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_key_and_certificate_belong_together(files: Certificate) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)


def test_only_its_owner_reads_the_key(files: Certificate) -> None:
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.key.parent.stat().st_mode) == 0o700


def test_the_next_start_takes_the_same_one(files: Certificate, tmp_path: Path) -> None:
    """Or the phone would warn at every start."""
    before = lan.fingerprint(files)
    again = lan.certificate_for(HOST, tmp_path / "lan", NOW + timedelta(days=80))
    assert lan.fingerprint(again) == before


@pytest.mark.parametrize(
    ("host", "later"),
    [("192.0.2.8", timedelta()), (HOST, timedelta(days=84)), (HOST, timedelta(days=-2))],
    ids=["another address", "its last week", "a clock that went back"],
)
def test_a_certificate_is_made_anew_for(
    host: str, later: timedelta, files: Certificate, tmp_path: Path
) -> None:
    before = lan.fingerprint(files)
    again = lan.certificate_for(host, tmp_path / "lan", NOW + later)
    assert lan.fingerprint(again) != before


@pytest.mark.parametrize("broken", ["certificate", "key"])
def test_a_damaged_certificate_is_made_anew(
    broken: str, files: Certificate, tmp_path: Path
) -> None:
    file = getattr(files, broken)
    file.unlink() if broken == "key" else file.write_text("no PEM")
    again = lan.certificate_for(HOST, tmp_path / "lan", NOW)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(again.certificate, again.key)


def test_a_code_is_eight_digits_and_another_each_time() -> None:
    codes = {lan.new_code() for _ in range(50)}
    assert all(re.fullmatch(r"\d{8}", code) for code in codes)
    assert len(codes) == 50


def test_the_greeting_begins_with_the_address(files: Certificate) -> None:
    address = WebAddress(8000, HOST, files)
    lines = lan.welcome_lines(address.origin, files, "12345678", "Sign in as: Sam")
    assert lines[0] == "Open https://192.0.2.7:8000"
    assert lines[-2:] == ["Demo sign-in asks for this code: 1234 5678", "Sign in as: Sam"]


def test_without_a_demo_no_code_is_told(files: Certificate) -> None:
    text = "\n".join(lan.welcome_lines("https://192.0.2.7:8000", files, "12345678", ""))
    assert "1234" not in text


def test_the_square_code_is_square() -> None:
    """Two modules a line: as wide as it is high, and it fits a terminal of 80 columns."""
    rows = lan.square_code("https://192.168.100.200:8000").split("\n")
    assert len({len(row) for row in rows}) == 1
    assert len(rows) in (len(rows[0]) // 2, len(rows[0]) // 2 + 1)
    assert len(rows[0]) <= 40


def test_daphne_is_given_an_endpoint_it_understands(tmp_path: Path) -> None:
    """A colon in the path would end a part of the endpoint. Kills: no escaping."""
    odd = tmp_path / "a:b"
    files = lan.certificate_for("127.0.0.1", odd, NOW)
    words = WebAddress(8443, "127.0.0.1", files).command
    escaped = str(odd).replace(":", "\\:")
    assert words[words.index("-e") + 1] == (
        f"ssl:8443:interface=127.0.0.1:privateKey={escaped}/key.pem"
        f":certKey={escaped}/certificate.pem"
    )
