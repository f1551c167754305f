"""The room's page, built as it is served, before a server that a test plays.

Owns that server: it says hello back, answers every command with what the test has set, keeps
what the page sent, and sends what the test wants. Its frames go through the real protocol, so a
command that the real server would not read fails here too.
"""

import json
import re
from dataclasses import dataclass, field, replace
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from csp.utils import build_policy
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from sessions.core.refusal import Refuse
from sessions.signaling import frames
from sessions.signaling.messages.connection import Hello, Ok, Ping, Pong
from sessions.signaling.messages.media import MediaOffer
from sessions.signaling.messages.room import Snapshot

DIST = Path(__file__).resolve().parents[2] / "frontend" / "dist"
ORIGIN = "http://127.0.0.1:9"  # nothing listens there: every request is answered by the test
ENTRY = "frontend/src/main.tsx"


def shell(name: str) -> str:
    """The page as the template makes it, for somebody of that display name."""
    entry = json.loads((DIST / "manifest.json").read_text())[ENTRY]
    links = "".join(f'<link rel="stylesheet" href="/static/room/{css}">' for css in entry["css"])
    return (
        '<!doctype html><html lang="en" data-theme="dusk"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>Thirds</title>{links}<script type="module" src="/static/room/{entry["file"]}">'
        '</script></head><body><div id="room" data-session="s" data-socket="/ws/rooms/s/" '
        f'data-home="/" data-staff-phone="555-0100" data-name="{name}"></div></body></html>'
    )


@dataclass
class ScriptedRoom:
    """One page and its server. `snapshot` answers hello; `refuse` says no to a command's type."""

    page: Page
    snapshot: Snapshot
    refuse: dict[str, Refuse] = field(default_factory=dict)
    commands: list[Any] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    sockets: list[WebSocketRoute] = field(default_factory=list)
    answers: bool = True

    def open(self) -> "ScriptedRoom":
        """Loads the page; it shows the check of the devices."""
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda fault: self.complaints.append(str(fault)))
        self.page.route("**/*", self._serve)
        self.page.route_web_socket("**/ws/rooms/s/", self._connected)
        self.page.goto(f"{ORIGIN}/rooms/s/")
        self.wait_for("check")
        return self

    def join(self) -> "ScriptedRoom":
        """From the check to what the snapshot says."""
        self.button("Join").click()
        inside = re.compile(r"^(?!check$|connecting$)")
        expect(self.page.locator("#room")).to_have_attribute("data-screen", inside)
        return self

    def button(self, words: str) -> Any:
        return self.page.get_by_role("button", name=words, exact=True).first

    def wait_for(self, screen: str) -> None:
        expect(self.page.locator("#room")).to_have_attribute("data-screen", screen)

    def tell(self, message: Any) -> None:
        """An event to the page."""
        self.sockets[-1].send(frames.write(message))

    def close(self, code: int) -> None:
        self.sockets[-1].close(code=code)

    def sent(self, kind: type) -> list[Any]:
        """What the page has sent of that kind, without the ids of the connection."""
        return [command for command in self.commands if isinstance(command, kind)]

    def wait_for_sent(self, kind: type, count: int = 1) -> Any:
        """The newest command of that kind, as soon as there are so many."""
        for _ in range(200):
            if len(self.sent(kind)) >= count:
                return self.sent(kind)[-1]
            self.page.wait_for_timeout(25)  # lets the browser's messages in
        raise AssertionError(f"no {kind.__name__} was sent, but {self.commands}")

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        if path == route.request.url:
            self.foreign.append(path)
        if path == "/rooms/s/":
            policy = {"content-security-policy": build_policy()}
            route.fulfill(
                body=shell(self.snapshot.me.name), content_type="text/html", headers=policy
            )
        elif path.startswith("/static/room/"):
            file = DIST / path.removeprefix("/static/room/")
            route.fulfill(body=file.read_bytes(), content_type=guess_type(file)[0])
        else:
            route.fulfill(status=204)

    def _connected(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda text: self._received(socket, str(text)))

    def _received(self, socket: WebSocketRoute, text: str) -> None:
        command = frames.read(text)
        assert command.type != "refused", f"the page sent what no server reads: {text}"
        self.commands.append(command)
        if not self.answers:
            return
        refuse = self.refuse.get(command.type)
        if refuse is None and isinstance(command, MediaOffer):
            return  # a node that is silent: the page goes on without pictures
        socket.send(frames.write(self._reply(command, refuse)))
        if isinstance(command, Hello) and refuse is None:
            socket.send(frames.write(self._snapshot_for(command)))

    def _snapshot_for(self, hello: Hello) -> Snapshot:
        """As the real server: others are shown the microphone and camera that hello says."""
        mine = self.snapshot.me.key
        people = [
            replace(person, microphone=hello.microphone, camera=hello.camera)
            if person.key == mine
            else person
            for person in self.snapshot.participants
        ]
        return replace(self.snapshot, participants=people)

    def _reply(self, command: Any, refuse: Refuse | None) -> Any:
        if refuse is not None:
            return frames.refused(command.id, refuse)
        if isinstance(command, Ping):
            return Pong(type="pong", id=command.id, now_ms=self.snapshot.now_ms)
        return Ok(type="ok", id=command.id)
