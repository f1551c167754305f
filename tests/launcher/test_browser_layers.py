"""The layers of the browser side: an import that crosses them fails `npm run lint`.

Owns a folder with planted imports under the project's own biome.json. Knows no module's content.
"""

import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIOME = ROOT / "node_modules" / ".bin" / "biome"
SEARCH = str(ROOT / ".venv" / "bin")

REFUSED = {
    "room": ("preact", "@preact/signals", "../ui/page", "../signaling/pending", "../session/page"),
    "signaling": ("../room/state", "../media/peer", "../ui/page", "../session/page"),
    "media": ("../room/state", "../signaling/pending", "../ui/page", "../session/page"),
    "ui": ("../messages", "../signaling/pending", "../media/peer", "../session/page"),
    "session": ("../ui/app", "../main", "preact"),
    ".": ("./room/state", "./media/peer", "./signaling/pending", "@preact/signals"),
    "new": ("../room/state", "./own", "preact"),
}
ALLOWED = {
    "room": ("./state", "../messages"),
    "signaling": ("./pending", "../messages"),
    "media": ("./peer", "../messages"),
    "ui": ("./icon", "../room/state", "preact", "preact/hooks", "@preact/signals"),
    "session": ("./parts", "../room/state", "../media/peer", "../signaling/pending", "../ui/page"),
    ".": ("./session/page", "./ui/app", "./styles/room.css", "preact"),
}


def plant(root: Path, imports: dict[str, tuple[str, ...]], kind: str) -> set[str]:
    """One module for each import; their paths from `root`."""
    planted = set()
    for layer, targets in imports.items():
        for number, target in enumerate(targets):
            file = root / "frontend" / "src" / layer / f"{kind}{number}.ts"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"import {{ a }} from '{target}';\n\nconsole.log(a);\n")
            planted.add(file.resolve().relative_to(root.resolve()).as_posix())
    return planted


def refused(root: Path) -> set[str]:
    """The files in which the linter refuses an import."""
    done = subprocess.run(
        [BIOME, "lint", "--only=style/noRestrictedImports", "--reporter=json", "frontend"],
        cwd=root,
        env={"PATH": SEARCH},
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)["diagnostics"]
    paths = [one["location"]["path"] for one in found if one["severity"] == "error"]
    return {path if isinstance(path, str) else path["file"] for path in paths}


def test_every_import_across_a_layer_is_refused_and_no_other(tmp_path: Path) -> None:
    shutil.copy(ROOT / "biome.json", tmp_path)
    planted = plant(tmp_path, REFUSED, "refused")
    plant(tmp_path, ALLOWED, "allowed")
    assert refused(tmp_path) == planted
