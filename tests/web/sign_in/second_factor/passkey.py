"""A passkey device for tests: makes and uses ES256 credentials as a browser would send them.

Follows WebAuthn Level 3 (6.1 authenticator data, 6.5.4 `none` attestation); what it sends is
JSON in the form of `PublicKeyCredential.toJSON`. It can be told to do things wrong.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """Holds one passkey. `verifies`: it asks for a finger, a face or a PIN."""

    origin: str
    verifies: bool = True
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user_handle: bytes = b""

    def create(self, options: dict[str, Any], **wrong: Any) -> str:
        """Answers a registration."""
        asked = options["publicKey"]
        self.user_handle = websafe_decode(asked["user"]["id"])
        public = cbor.encode(ES256.from_cryptography_key(self.key.public_key()))  # type: ignore[no-untyped-call]
        length = len(self.credential_id).to_bytes(2, "big")
        attested = bytes(16) + length + self.credential_id + public
        data = self._data(ATTESTED, **wrong) + attested
        statement = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"], **wrong)
        response = {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(statement),
        }
        return self._json(response, {"credProps": {"rk": True}})

    def get(self, options: dict[str, Any], **wrong: Any) -> str:
        """Answers a challenge."""
        client = self._client("webauthn.get", options["publicKey"]["challenge"], **wrong)
        data = self._data(0, **wrong)
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(wrong.get("signature", signature)),
            "userHandle": websafe_encode(wrong.get("user_handle", self.user_handle)),
        }
        return self._json(response, {})

    def _client(self, kind: str, asked: str, /, **wrong: Any) -> bytes:
        said = {
            "type": kind,
            "challenge": wrong.get("challenge", asked),
            "origin": wrong.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(said).encode()

    def _data(self, flags: int, **wrong: Any) -> bytes:
        host = wrong.get("rp_id", urlsplit(self.origin).hostname or "")
        flags |= PRESENT | (VERIFIED if wrong.get("verified", self.verifies) else 0)
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + bytes(4)

    def _json(self, response: dict[str, str], extensions: dict[str, Any]) -> str:
        name = websafe_encode(self.credential_id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": response,
                "clientExtensionResults": extensions,
            }
        )
