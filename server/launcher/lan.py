"""`./run --lan`: a certificate for this machine's own address, and what the terminal shows.

A phone gives camera and microphone only to a page that came by TLS, so there is a certificate,
signed by itself: the phone warns once, and its fingerprint is in the terminal to compare. Owns
the files in var/lan and the square code. Must not know what is served.
"""

import contextlib
import io
import ipaddress
import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import qrcode
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server.launcher.web import Certificate

VALID: Final = timedelta(days=90)
RENEWED: Final = timedelta(days=7)  # before its end
CODE_DIGITS: Final = 8


def certificate_for(host: str, folder: Path, now: datetime) -> Certificate:
    """The certificate of IPv4 address `host`, kept in `folder` (0700) and made again when the
    address is another or its end is near. `now` has a zone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = Certificate(folder / "certificate.pem", folder / "key.pem")
    if not is_usable(files, host, now):
        make(files, host, now)
    return files


def is_usable(files: Certificate, host: str, now: datetime) -> bool:
    """Whether both files are there, for this address, for another week."""
    if not files.key.exists():
        return False
    with contextlib.suppress(OSError, ValueError, x509.ExtensionNotFound):
        found = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = names.get_values_for_type(x509.IPAddress)
        return addresses == [ipaddress.ip_address(host)] and (
            found.not_valid_before_utc <= now <= found.not_valid_after_utc - RENEWED
        )
    return False


def make(files: Certificate, host: str, now: datetime) -> None:
    """Writes a new key and a certificate for it (RFC 5280; ECDSA P-256, no authority)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Thirds on this network")])
    address = x509.IPAddress(ipaddress.ip_address(host))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    files.key.unlink(missing_ok=True)
    with open(os.open(files.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as private:
        private.write(pem)
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def fingerprint(files: Certificate) -> str:
    """SHA-256 of the certificate, as browsers show it: pairs with colons."""
    found = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    return found.fingerprint(hashes.SHA256()).hex(":").upper()


def new_code() -> str:
    """What the demo's sign-in asks for on a network: digits, new at each start."""
    return "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))


def square_code(url: str) -> str:
    """The address as a QR code (ISO/IEC 18004) of half blocks, readable on a dark terminal."""
    code = qrcode.QRCode(border=2, error_correction=qrcode.ERROR_CORRECT_L)
    code.add_data(url)
    text = io.StringIO()
    code.print_ascii(out=text, invert=True)
    return text.getvalue().replace("\xa0", " ").rstrip("\n")


def welcome_lines(origin: str, files: Certificate, code: str, people: str) -> list[str]:
    """What stdout says: the address first, the square code, the demo's code, who to sign in as."""
    demo = [f"Demo sign-in asks for this code: {code[:4]} {code[4:]}"] if people else []
    return [
        f"Open {origin}",
        square_code(origin),
        "The phone has to be in the same network. It warns of the certificate once: go on if its",
        f"SHA-256 fingerprint is {fingerprint(files)}",
        *demo,
        *filter(None, [people]),
    ]
