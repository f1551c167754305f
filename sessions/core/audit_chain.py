"""The audit chain: rows that are signed when they are written and linked when they are committed.

Owns what exactly is signed, how a link follows from the one before, what a checkpoint says, and
how a chain is read. Each row carries HMAC-SHA256 (RFC 2104) over its canonical JSON; link number
n carries HMAC-SHA256 over link n - 1 and row n with its id. So a row that was edited, removed,
put elsewhere or made up shows in its own place, and an end that was cut off shows against the
last checkpoint, which is kept outside the database. Pure: keys, rows and text are arguments.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from sessions.core.key_ring import KeyRing

START = bytes(32)  # what stands before link 1
Plain = str | int | bool | None
_json = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Row:
    """What an audit row says. `key` is random and in no other row; `at` is an instant."""

    key: str
    at: datetime
    actor: int | None
    verb: str
    outcome: str
    subject: int | None
    session: int | None
    detail: Mapping[str, Plain]
    mac_key: str

    def canonical(self) -> bytes:
        """The one form of a row: JSON, in a fixed order, the instant in UTC to the microsecond."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        said = [self.key, at, self.actor, self.verb, self.outcome, self.subject, self.session]
        return _json([*said, self.detail, self.mac_key]).encode()


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the chain. `digest` binds the row to it and to all before it."""

    number: int
    event: int  # the row's id
    mac_key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Linked:
    """A link as it was found, with its row and the row's own signature, if there is a row."""

    link: Link
    row: Row | None
    mac: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """That the chain had this link at its end then; signed, and kept outside the database."""

    at: datetime
    number: int
    digest: bytes


class Wrong(StrEnum):
    """What can be wrong with a chain."""

    CHANGED = "changed"
    ROW_GONE = "row_gone"
    LINK_GONE = "link_gone"
    OUT_OF_PLACE = "out_of_place"
    UNKNOWN_KEY = "unknown_key"
    FORGED = "forged"
    COPIED = "copied"
    CUT_OFF = "cut_off"
    REPLACED = "replaced"
    CHECKPOINT = "checkpoint"
    NO_CHECKPOINTS = "no_checkpoints"
    SHEET = "sheet"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong. `number` is the link's, `event` the row's id; 0: none."""

    wrong: Wrong
    number: int = 0
    event: int = 0


@dataclass(slots=True)
class Chain:
    """The end of the chain as far as it was read and found right."""

    number: int = 0
    digest: bytes = START
    expected: dict[int, bytes] = field(default_factory=dict)  # checkpoints: number → digest

    def expect(self, checkpoints: Iterable[Checkpoint]) -> "Finding | None":
        """Holds what is read from here on against checkpoints; two that disagree are a finding."""
        for one in checkpoints:
            if self.expected.setdefault(one.number, one.digest) != one.digest:
                return Finding(Wrong.REPLACED, one.number)
        return None

    def read(self, found: Linked, ring: KeyRing) -> "Finding | None":
        """Goes on by one link, or says what is wrong with it."""
        link = found.link
        if link.number != self.number + 1:
            return Finding(Wrong.LINK_GONE, self.number + 1)
        if wrong := self._wrong(found, ring):
            return Finding(wrong, link.number, link.event)
        self.number, self.digest = link.number, link.digest
        if self.expected.get(self.number, self.digest) != self.digest:
            return Finding(Wrong.REPLACED, link.number, link.event)
        return None

    def _wrong(self, found: Linked, ring: KeyRing) -> Wrong | None:
        link, row = found.link, found.row
        if row is None:
            return Wrong.ROW_GONE
        if link.mac_key not in ring.keys or row.mac_key not in ring.keys:
            return Wrong.UNKNOWN_KEY
        said = row.canonical()
        if not hmac.compare_digest(_mac(ring.keys[row.mac_key], b"row", said), found.mac):
            return Wrong.CHANGED
        wanted = digest(self.digest, link.number, link.event, said, ring.keys[link.mac_key])
        return None if hmac.compare_digest(wanted, link.digest) else Wrong.OUT_OF_PLACE

    def end(self) -> "Finding | None":
        """Once all is read: whether a checkpoint knew of more."""
        latest = max(self.expected, default=0)
        return Finding(Wrong.CUT_OFF, latest) if latest > self.number else None

    def append(self, event: int, row: Row, ring: KeyRing) -> Link:
        """The next link, for a row; the chain ends with it now."""
        number = self.number + 1
        made = digest(self.digest, number, event, row.canonical(), ring.current_key)
        self.number, self.digest = number, made
        return Link(number, event, ring.current, made)


def sign(row: Row, ring: KeyRing) -> bytes:
    """The row's own signature, by the key that the row names. Raises KeyError without it."""
    return _mac(ring.keys[row.mac_key], b"row", row.canonical())


def is_signed(row: Row, mac: bytes, ring: KeyRing) -> bool:
    """Whether a row was written with a key of the ring, and is as it was written."""
    return row.mac_key in ring.keys and hmac.compare_digest(sign(row, ring), mac)


def digest(before: bytes, number: int, event: int, said: bytes, key: bytes) -> bytes:
    """The digest of a link: of the one before, its number, the row's id and canonical form."""
    return _mac(key, b"link", before, b"%d.%d" % (number, event), said)


def checkpoint_line(one: Checkpoint, ring: KeyRing) -> str:
    """A checkpoint as a line of JSON, signed with the current key."""
    text = _checkpoint_text(one)
    mac = _mac(ring.current_key, b"checkpoint", text.encode())
    return json.dumps({**json.loads(text), "key": ring.current, "mac": mac.hex()})


def read_checkpoint(line: str, ring: KeyRing) -> Checkpoint | None:
    """The checkpoint of a line; None if it is none, or not signed by a key of the ring."""
    try:
        fields = json.loads(line)
        at = datetime.fromisoformat(fields["at"])
        one = Checkpoint(at, int(fields["number"]), bytes.fromhex(fields["digest"]))
        key, mac = ring.keys[fields["key"]], bytes.fromhex(fields["mac"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    wanted = _mac(key, b"checkpoint", _checkpoint_text(one).encode())
    return one if hmac.compare_digest(wanted, mac) else None


def _checkpoint_text(one: Checkpoint) -> str:
    fields = {"at": one.at.isoformat(), "number": one.number, "digest": one.digest.hex()}
    return json.dumps(fields)


def _mac(key: bytes, *parts: bytes) -> bytes:
    """Over the parts, each after its length, so that none runs into the next."""
    counted = b"".join(b"%d:%s" % (len(part), part) for part in parts)
    return hmac.digest(key, counted, "sha256")
