"""The two requirement locks as the tests read them."""

import re

from tests.deploy.compose import ROOT

PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)


def locked(name: str) -> dict[str, str]:
    """Package → version of requirements/<name>, names as PEP 503 writes them."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    found = PINNED.findall(text)
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in found}
