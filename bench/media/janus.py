"""Debian's Janus as the other server of `bench.media --peer janus`: its process and its VideoRoom.

Janus is installed by a person (`apt-get install janus`). It runs with a folder of settings of
its own, at this machine's own address (it refuses 127.0.0.1; what is sent there stays on the
machine), with one event loop (the best of its settings that was found), and each
person has two connections there: one publishes, one has everybody else's streams. Owns the
settings, the conversation with its VideoRoom and the descriptions that it understands.
"""

import asyncio
import contextlib
import itertools
import json
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from bench.cores import born_on
from bench.media.load import Member
from server.launcher.arguments import own_address
from server.media import stun
from tests.media.client_peer import PATIENCE, Address, ClientPeer, Kind

LONGEST: Final = 1 << 20  # bytes of one message from Janus
RETRY: Final = 0.05
PASSWORD: Final = "0123456789012345678901"  # noqa: S105 - what ClientPeer offers
SETTINGS: Final = {
    "janus.jcfg": """general: {{ session_timeout = 0, debug_level = 2, event_loops = 1 }}
media: {{ ipv6 = false }}
nat: {{ ice_lite = true, ice_enforce_list = "{host}" }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
loggers: {{ disable = "libjanus_jsonlog.so" }}
""",
    "janus.transport.pfunix.jcfg": """general: {{
  enabled = true, json = "compact", path = "{path}", type = "SOCK_SEQPACKET" }}
""",
    "janus.plugin.videoroom.jcfg": "general: {{}}\n",
}
ROOM: Final = {
    "publishers": 64,
    "bitrate": 0,
    "fir_freq": 0,
    "audiocodec": "opus",
    "videocodec": "vp8",
    "audiolevel_ext": True,
    "transport_wide_cc_ext": True,
}


class JanusAbsentError(Exception):
    """This machine has no Janus."""


class JanusPeer(ClientPeer):
    """A connection to Janus, which also asks: libnice checks even as ICE-lite. Its socket is
    open before its description is made, since that has its address."""

    def __init__(self, host: str, *, sends: bool) -> None:
        super().__init__("", 0, sends=sends)
        self.here = host
        self.candidates = [(host, "9")]  # until Janus has said its own

    def accept(self, answer: str) -> None:
        """Goes on to where Janus is."""
        super().accept(answer)
        host, port = self.candidates[0]
        self.node = (host, int(port))

    async def establish(self) -> None:
        """Check and handshake from the open socket. Checks go on until the keys are here, as
        browsers' do: the first may come before Janus has paired it."""
        assert self.handshake is not None
        await self.check()
        self.handshake.advance()
        self._flush()

        def ask() -> None:
            self.send_raw(self.check_request())
            self._retry_handshake()

        await self.until(self._repeated(lambda: self._sent is not None, ask))

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Answers a check; the rest as from the node."""
        if data[:2] == b"\0\1":
            self.socket.sendto(stun.success(data[8:20], addr, PASSWORD.encode()), addr)
        else:
            super().datagram_received(data, addr)


class Janus:
    """A running Janus, one session, one handle for each connection."""

    def __init__(self, process: "subprocess.Popen[bytes]", api: socket.socket, host: str) -> None:
        self.host = host
        self.kernel = psutil.Process(process.pid)
        self._api = api
        self._numbers = itertools.count(1)
        self._session = 0
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    async def begin(self) -> None:
        """The session that all handles belong to."""
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]

    async def close(self) -> None:
        """Ends the conversation; the process is its starter's."""
        self._reading.cancel()
        self._api.close()

    async def _read(self) -> None:
        """Hands every reply to who waits for it: an `ack` is none, and events may be nobody's."""
        loop = asyncio.get_running_loop()
        while said := await loop.sock_recv(self._api, LONGEST):
            reply = json.loads(said)
            waiting = self._waiting.get(reply.get("transaction", ""))
            if waiting is not None and reply["janus"] != "ack" and not waiting.done():
                waiting.set_result(reply)

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        name = str(next(self._numbers))
        session = {"session_id": self._session} if self._session else {}
        loop = asyncio.get_running_loop()
        waiting = self._waiting[name] = loop.create_future()
        text = json.dumps({**request, **session, "transaction": name}, separators=(",", ":"))
        await loop.sock_sendall(self._api, text.encode())
        async with asyncio.timeout(PATIENCE):
            reply: dict[str, Any] = await waiting
        del self._waiting[name]
        if reply["janus"] == "error" or "error" in reply.get("plugindata", {}).get("data", {}):
            raise RuntimeError(f"Janus refused {request}: {reply}")
        return reply

    async def _handle(self) -> int:
        attached = await self._ask({"janus": "attach", "plugin": "janus.plugin.videoroom"})
        return int(attached["data"]["id"])

    async def _say(self, handle: int, body: dict[str, Any], sdp: str = "") -> dict[str, Any]:
        request: dict[str, Any] = {"janus": "message", "handle_id": handle, "body": body}
        if sdp:
            kind = "answer" if body["request"] == "start" else "offer"
            request["jsep"] = {"type": kind, "sdp": sdp}
        return await self._ask(request)

    async def room(self, number: int, names: Sequence[str]) -> list[Member]:
        """A room of connected people, each of whom has everybody else's streams."""
        await self._say(await self._handle(), {"request": "create", "room": number, **ROOM})
        publishers = [await self._publisher(number, name) for name in names]
        members = []
        for feed, peer in publishers:
            others = [one for one, _ in publishers if one != feed]
            members.append(Member(peer, await self._subscriber(number, others)))
        return members

    async def _publisher(self, room: int, name: str) -> tuple[int, JanusPeer]:
        handle = await self._handle()
        join = {"request": "join", "ptype": "publisher", "room": room, "display": name}
        feed = (await self._say(handle, join))["plugindata"]["data"]["id"]
        peer = JanusPeer(self.host, sends=True)
        await peer.open()
        offer = re.sub(r"a=candidate.*", candidate(peer), peer.offer())
        offer = offer.replace("actpass", "active")  # so Janus is the DTLS server
        reply = await self._say(handle, {"request": "publish"}, offer)
        peer.accept(reply["jsep"]["sdp"])
        await peer.establish()
        return feed, peer

    async def _subscriber(self, room: int, feeds: Sequence[int]) -> JanusPeer:
        handle = await self._handle()
        streams = [{"feed": feed} for feed in feeds]
        join = {"request": "join", "ptype": "subscriber", "room": room, "streams": streams}
        offer = (await self._say(handle, join))["jsep"]["sdp"]
        peer = JanusPeer(self.host, sends=False)
        await peer.open()
        peer.accept(offer)
        for section in offer.split("m=")[1:]:
            kind: Kind = "audio" if section.startswith("audio") else "video"
            for ssrc in re.findall(r"a=ssrc:(\d+) ", section):
                peer.slot_of[int(ssrc)] = (kind, 0, False)
        await self._say(handle, {"request": "start"}, answered(peer, offer))
        await peer.establish()
        return peer


def candidate(peer: ClientPeer) -> str:
    """Where the peer is: libnice as ICE-lite pairs with no address that it was not told."""
    host, port = peer.socket.getsockname()
    return f"a=candidate:1 1 udp 2130706431 {host} {port} typ host"


def answered(peer: ClientPeer, offer: str) -> str:
    """The least that Janus takes for an answer: it reads no more than 8 KiB of a message."""
    session, *sections = offer.split("m=")
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += re.findall(r"a=group:BUNDLE.*", session)
    lines += [f"a=ice-ufrag:{peer.ufrag}", f"a=ice-pwd:{PASSWORD}"]
    lines += [f"a=fingerprint:sha-256 {peer.fingerprint}", "a=setup:active"]
    for section in sections:
        kind, payload = re.findall(r"^(\w+) \d+ \S+ (\d+)", section)[0]
        lines += [f"m={kind} 9 UDP/TLS/RTP/SAVPF {payload}", "c=IN IP4 0.0.0.0", "a=recvonly"]
        lines += re.findall(rf"a=(?:mid:.*|rtpmap:{payload} .*|extmap:.*)", section)
        lines += ["a=rtcp-mux", candidate(peer)]
    return "\r\n".join(line.strip() for line in lines) + "\r\n"


def installed() -> str:
    """The program. Raises JanusAbsentError."""
    program = shutil.which("janus")
    if program is None:
        raise JanusAbsentError("no Janus on this machine: apt-get install janus")
    return program


@contextlib.asynccontextmanager
async def running_janus(folder: Path, cores: frozenset[int]) -> AsyncIterator[Janus]:
    """Janus on these cores until the block ends. Raises JanusAbsentError. `folder` is short."""
    process, api = await _started(installed(), folder, cores)
    try:
        janus = Janus(process, api, own_address())
        await janus.begin()
        yield janus
        await janus.close()
    finally:
        process.kill()
        await asyncio.to_thread(process.wait, PATIENCE)


async def _started(
    program: str, folder: Path, cores: frozenset[int]
) -> tuple["subprocess.Popen[bytes]", socket.socket]:
    """Until it listens: the thread of its unix socket at times ends before it has begun, by a
    race in Janus, and Janus then ends by itself."""
    while True:
        path = folder / f"janus-{secrets.token_hex(2)}"
        process = _launched(program, folder, path, cores)
        api = await _connected(path, process)
        if api is not None:
            return process, api


def _launched(
    program: str, folder: Path, path: Path, cores: frozenset[int]
) -> "subprocess.Popen[bytes]":
    _write_settings(folder, path)
    with born_on(cores), (folder / "janus.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - the program that a person installed
            [program, "-F", str(folder), "-o"], stdout=log, stderr=log
        )


def _write_settings(folder: Path, path: Path) -> None:
    """Everything but the VideoRoom and the unix socket stays unloaded."""
    found = Path("/usr/lib").glob("*/janus/*/*.so")
    others = [x.name for x in found if "videoroom" not in x.name and "pfunix" not in x.name]
    named = {
        "path": str(path),
        "host": own_address(),
        "plugins": ",".join(others),
        "transports": ",".join(others),
    }
    for name, text in SETTINGS.items():
        (folder / name).write_text(text.format(**named))


async def _connected(path: Path, process: "subprocess.Popen[bytes]") -> socket.socket | None:
    """The socket, once Janus listens there; None when Janus has ended instead."""
    api = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    api.setblocking(False)
    while process.poll() is None:
        try:
            api.connect(str(path))
        except OSError:
            await asyncio.sleep(RETRY)
        else:
            return api
    api.close()
    return None
