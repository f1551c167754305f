"""What the output of a failed pip, venv or npm means, as one sentence that says what to do.

Pure: text in, sentence out. Owns the patterns; must not run anything.
"""

import re

NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|Connection refused|ConnectTimeout|"
    r"ReadTimeout|Network is unreachable|Max retries exceeded|ProxyError|"
    r"ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENETUNREACH",
    re.IGNORECASE,
)
NO_SPACE = re.compile(r"No space left on device|ENOSPC")
NO_PERMISSION = re.compile(r"Permission denied|Read-only file system|EACCES|EROFS|EPERM")
WRONG_HASH = re.compile(r"DO NOT MATCH THE HASHES|EINTEGRITY")
NO_WHEEL = re.compile(r"No matching distribution found for ([A-Za-z0-9_.-]+?)(?:==\S+)?(?:[\s(]|$)")
ERROR_MARK = re.compile(r"\s*(?:npm error|ERROR:|Error:)\s*")
NO_ENSUREPIP = re.compile(r"ensurepip")

COMMON = (
    (NETWORK, "No network: {tool} could not fetch packages; connect this machine, then retry."),
    (NO_SPACE, "The disk is full: free about 1 GB, then retry."),
    (NO_PERMISSION, "No permission to write here: put Thirds into a folder of yours, then retry."),
    (WRONG_HASH, "A fetched package is not the one that is locked: clear caches, then retry."),
)


def common(output: str, tool: str) -> str:
    """The sentence for what may befall every tool; empty when it is something else."""
    return next((text.format(tool=tool) for found, text in COMMON if found.search(output)), "")


def own_words(output: str, tool: str) -> str:
    """Quotes the tool: its first line after an error mark that is more than a code."""
    marked = [ERROR_MARK.sub("", line) for line in output.splitlines() if ERROR_MARK.match(line)]
    reasons = [
        line.strip() for line in marked if line.strip() and not line.startswith(("code ", "errno "))
    ]
    plain = [line.strip() for line in output.splitlines() if line.strip()]
    return f"{tool} failed: {(reasons or plain[-1:] or ['it said nothing'])[0]}"


def pip_sentence(output: str, platform: str) -> str:
    """For `pip install` from wheels alone; `platform` names the machine and its Python."""
    known = common(output, "pip")
    if known:
        return known
    missing = NO_WHEEL.search(output)
    if missing:
        name = missing.group(1)
        return f"No wheel of {name} for {platform}: use Python 3.11 to 3.13 on Linux or macOS."
    return own_words(output, "pip")


def npm_sentence(output: str) -> str:
    """For `npm ci` and `npm run build`."""
    return common(output, "npm") or own_words(output, "npm")


def venv_sentence(output: str) -> str:
    """For `python -m venv`."""
    if NO_ENSUREPIP.search(output):
        return NO_VENV
    return common(output, "venv") or own_words(output, "venv")


NO_VENV = "Python's venv needs ensurepip: on Debian run: apt-get install python3-venv"
