"""`./requirements/sbom`: nothing that runs in production is missing from it."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.deploy.compose import ROOT
from tests.deploy.locks import locked


def components(file: Path) -> dict[str, str]:
    """Name → version."""
    bill: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    found = bill["components"]
    return {re.sub(r"[-_.]+", "-", one["name"]).lower(): one["version"] for one in found}


def browser_lock() -> dict[str, str]:
    """What package-lock.json takes into the room's script: all that is no tool."""
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    taken = {name: one for name, one in packages.items() if name and not one.get("dev")}
    return {
        name.removeprefix("node_modules/"): one["version"]
        for name, one in taken.items()
        if not one.get("devOptional") and not one.get("optional")
    }


def test_bill_of_materials_names_every_package_of_the_locks(tmp_path: Path) -> None:
    subprocess.run([ROOT / "requirements" / "sbom", tmp_path], check=True, capture_output=True)
    assert components(tmp_path / "python.json") == locked("runtime.lock")
    named = components(tmp_path / "browser.json")
    assert named | browser_lock() == named
    assert {"preact", "signals"} <= {name.split("/")[-1] for name in named}
