"""A module of the frontend as a page of its own, for tests of the module in a real browser.

Owns the build (Vite, as the room is built) and the address, at which nothing listens: the
browser's requests are answered by the test. Knows no module's content.
"""

import mimetypes
import subprocess
from pathlib import Path

from playwright.sync_api import Page, Route

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "http://127.0.0.1:1/"  # a secure context, as a room is
BUILD = """
import {{ build }} from 'vite';
await build({{ configFile: false, logLevel: 'error', base: '/', publicDir: false, build: {{
    outDir: '{out}', emptyOutDir: true,
    rollupOptions: {{
        input: '{entry}', preserveEntrySignatures: 'strict',
        output: {{ entryFileNames: 'module.js' }},
    }},
}} }});
"""


def build(entry: str, out: Path) -> Path:
    """Builds `entry`, a path from the root, into `out`; what it exports is in `module.js`."""
    command = [str(ROOT / ".venv/bin/node"), "--input-type=module", "--eval"]
    subprocess.run([*command, BUILD.format(entry=entry, out=out)], cwd=ROOT, check=True)
    return out


def serve(page: Page, html: str, folder: Path) -> None:
    """Opens `html` at ADDRESS with the built files beside it."""

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(ADDRESS)
        if name == "":
            route.fulfill(body=html, content_type="text/html")
        elif (folder / name).is_file():
            kind = mimetypes.guess_type(name)[0] or "text/plain"
            route.fulfill(body=(folder / name).read_bytes(), content_type=kind)
        else:
            route.fulfill(status=404)

    page.route(f"{ADDRESS}**", answer)
    page.goto(ADDRESS)
