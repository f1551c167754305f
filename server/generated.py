"""The files of this repository that are written from the code, and never by hand.

`python -m server.generated` writes them; with `--check` it only says which of them are not what
would be written (exit code 1 when there is one). Owns the list; what is in a file is its own
module's.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[1]


def files() -> Mapping[Path, str]:
    """Each generated file and its text. Django has to be set up."""
    from server import surface
    from sessions.signaling import protocol, typescript

    return {
        surface.TARGET: surface.page(),
        protocol.TARGET: protocol.page(protocol.TARGET.read_text()),
        typescript.TARGET: typescript.generate(),
    }


def outdated(texts: Mapping[Path, str]) -> list[Path]:
    """Those that do not hold their text."""
    return [path for path, text in texts.items() if not path.exists() or path.read_text() != text]


def main(arguments: list[str]) -> int:
    """The exit code."""
    texts = files()
    found = outdated(texts)
    for path in found:
        sys.stderr.write(f"{path.relative_to(ROOT)} is not what the code says.\n")
    if "--check" in arguments:
        return 1 if found else 0
    for path in found:
        path.write_text(texts[path])
    return 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings.development")
    django.setup()
    sys.exit(main(sys.argv[1:]))
