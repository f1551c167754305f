"""A Firefox of Debian's, driven over WebDriver BiDi (W3C), which it speaks without a driver.

Owns the process, its profile and the few commands that the tests need. Knows no page of Thirds.
"""

import base64
import json
import re
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

from websockets.sync.client import ClientConnection, connect

from server.launcher.debian import FIREFOX
from tests.programs import needed

Found = TypeVar("Found")
SECONDS: Final = 60.0
LISTENS: Final = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
SHOWN: Final = "`${location.href} ${document.readyState} ${document.body?.innerText}`"
PREFERENCES: Final[dict[str, bool | int | str]] = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "media.autoplay.default": 0,
    "media.navigator.permission.disabled": True,
    "media.navigator.streams.fake": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


class BidiError(Exception):
    """What the browser answered instead of a result."""


class Firefox:
    """One browser with one page. `close` ends it, whatever happened."""

    def __init__(self, folder: Path, **more: bool | int | str) -> None:
        """`more` are preferences, a dot written as two underscores."""
        profile = folder / "profile"
        profile.mkdir(parents=True)
        given = PREFERENCES | {name.replace("__", "."): value for name, value in more.items()}
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in given.items())
        (profile / "user.js").write_text("\n".join(lines))
        self._log = folder / "firefox.log"
        self._number = 0
        self._open = ExitStack()
        words = ["--headless", "--no-remote", "--profile", str(profile)]
        with self._log.open("w") as log:
            process = subprocess.Popen(
                [needed(FIREFOX), *words, "--remote-debugging-port", "0", "about:blank"],
                stdout=log,
                stderr=log,
            )
        self._open.callback(_end, process)
        try:
            self._socket = self._open.enter_context(self._connecting())
            self._call("session.new", capabilities={})
            tree = self._call("browsingContext.getTree")
            self.context: str = tree["contexts"][0]["context"]
        except BaseException:
            self.close()
            raise

    def _connecting(self) -> AbstractContextManager[ClientConnection]:
        found = until(lambda: LISTENS.search(self._log.read_text()), "Firefox listens")
        return connect(f"{found[1]}/session", max_size=None)

    def _call(self, method: str, **params: Any) -> Any:
        """One command and its result; events in between are of no interest here."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(timeout=SECONDS))
            if answer.get("id") != self._number:
                continue
            if answer["type"] == "error":
                raise BidiError(f"{method}: {answer['error']}: {answer['message']}")
            return answer["result"]

    def before_every_page(self, script: str) -> None:
        """Runs it before any script of each page that is opened from now on."""
        declared = f"() => {{ {script} }}"
        self._call("script.addPreloadScript", functionDeclaration=declared)

    def set_size(self, width: int, height: int) -> None:
        size = {"width": width, "height": height}
        self._call("browsingContext.setViewport", context=self.context, viewport=size)

    def goto(self, url: str) -> None:
        self._call("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def reload(self) -> None:
        self._call("browsingContext.reload", context=self.context, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The expression's value, awaited, as JSON carries it; with a person's activation."""
        answer = self._call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self.context},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] == "exception":
            raise BidiError(f"{expression}: {answer['exceptionDetails']['text']}")
        return json.loads(answer["result"]["value"])

    def wait_for(self, expression: str, seconds: float = SECONDS) -> Any:
        """Until the expression holds, also across pages; its value."""

        def value() -> Any:
            try:
                return self.evaluate(expression)
            except BidiError:
                return None  # between two pages

        try:
            return until(value, expression, seconds)
        except TimeoutError as late:
            late.add_note(f"the page: {self.evaluate(SHOWN)}")
            raise

    def tap(self, words: str) -> None:
        """The button or link with exactly these words, as soon as it can be used."""
        self.wait_for(f"((found) => Boolean(found) && !found.click())({called(words)})")

    def screenshot(self, file: Path) -> None:
        taken = self._call("browsingContext.captureScreenshot", context=self.context)
        file.write_bytes(base64.b64decode(taken["data"]))

    def close(self) -> None:
        self._open.close()


def called(words: str) -> str:
    """The expression for the button or link with exactly these words that can be used now."""
    return f"""[...document.querySelectorAll('button, a')].find((element) =>
        (element.getAttribute('aria-label') ?? element.textContent).trim() ===
        {json.dumps(words)} && !element.disabled && element.checkVisibility())"""


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def until(look: Callable[[], Found | None], what: str, seconds: float = SECONDS) -> Found:
    """Looks until there is something. Raises TimeoutError with what was waited for."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
    return found
