"""`python -m server.launcher.checks`, which `./test` becomes: every check, then the sum.

Owns the list of steps and how they are counted. A failed step does not stop the next ones. Must
not know how a step does its work. The last line is `thirds: N passed, N failed, N skipped`.
`./test quick` is for every save: the steps that need neither a service nor a browser, two at once.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from server.launcher.counts import Counts, of_report, of_static
from server.launcher.debian import CHROMIUM, FIREFOX, DebianProgram

ROOT = Path(__file__).resolve().parent.parent.parent
REPORTS = ROOT / "var" / "reports"
PYTHON_CODE = ("bench", "server", "sessions", "tests", "manage.py", "run", "test")
OWN_ADDRESS = "192.0.2.10"
TYPED_CODE = ("bench", "server", "sessions", "tests")
QUICK = "quick"
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One command. With `report`, a JUnit file it writes in REPORTS, its tests are counted;
    without, it counts as one. `strict` makes a skipped test a failed one."""

    title: str
    command: Sequence[str]
    report: str = ""
    strict: bool = False


def reading_steps() -> list[Step]:
    """What reads the code and runs none of it. The longest come first."""
    python, npm = sys.executable, str(Path(sys.executable).parent / "npm")
    return [
        Step("types", [python, "-m", "mypy", *TYPED_CODE]),
        Step("browser lint and layers", [npm, "run", "--silent", "lint"]),
        Step("browser types", [npm, "run", "--silent", "types"]),
        Step("imports", [str(Path(sys.executable).parent / "lint-imports")]),
        Step("generated files", [python, "-m", "server.generated", "--check"]),
        Step("format", [python, "-m", "ruff", "format", "--check", *PYTHON_CODE]),
        Step("lint", [python, "-m", "ruff", "check", *PYTHON_CODE]),
    ]


def build_step() -> Step:
    """The browser side, which the browser tests load."""
    npm = str(Path(sys.executable).parent / "npm")
    return Step("browser build", [npm, "run", "--silent", "build"])


def migrations_step() -> Step:
    """Whether the models have their migrations."""
    command = [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]
    return Step("migrations", command)


def browser_unit_step() -> Step:
    """vitest, with its report."""
    npm = str(Path(sys.executable).parent / "npm")
    reporters = ["--reporter=default", "--reporter=junit"]
    out = f"--outputFile.junit={REPORTS / 'vitest.xml'}"
    return Step("browser unit tests", [npm, "test", "--silent", "--", *reporters, out], "vitest")


def pytest_step(title: str, report: str, *arguments: str, strict: bool = False) -> Step:
    """One pytest run, with its report."""
    junit = f"--junitxml={REPORTS / report}.xml"
    command = [sys.executable, "-m", "pytest", "-q", junit, *arguments]
    return Step(title, command, report, strict)


def quick_steps() -> list[Step]:
    """For every save: no service is started and no browser."""
    tests = pytest_step("quick tests", "quick", "--quick", "-n", "2", "tests")
    return [tests, browser_unit_step(), *reading_steps()]


def test_steps(paths: Sequence[str], *, strict: bool) -> list[Step]:
    """Three pytest runs: a browser's event loop and asyncio tests do not share a process, and
    Firefox, which uses no loopback address for media, has a network namespace of its own. Browser
    tests of one file stay in one worker, which has one installation for all of its files."""
    plain = ("-n", "2", "-m", "not browser and not firefox", *paths)
    steps = [pytest_step("tests", "tests", *plain)]
    if CHROMIUM.find():
        options = ("-n", "2", "--dist", "loadfile", "-m", "browser", *paths)
        steps.append(pytest_step("browser tests", "browser", *options, strict=strict))
    if FIREFOX.find():
        options = ("-m", "firefox", *paths)
        step = pytest_step("Firefox tests", "firefox", *options, strict=strict)
        steps.append(replace(step, command=in_own_network(step.command)))
    return steps


def in_own_network(command: Sequence[str]) -> list[str]:
    """The command in a network namespace with a loopback and one other address (RFC 5737), which
    nothing outside can reach and which ends with it."""
    links = "ip link set lo up && ip link add thirds0 type veth peer name thirds1"
    address = f"ip address add {OWN_ADDRESS}/24 dev thirds0 && ip route add default dev thirds0"
    up = "ip link set thirds1 up && ip link set thirds0 up"
    script = f'{links} && {up} && {address} && exec "$@"'
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *as_root, "--net", "sh", "-c", script, "sh", *command]


def run_step(step: Step) -> Counts:
    """Runs one step, its output passed through, and counts it."""
    print(f"\n== {step.title}", flush=True)
    began = time.monotonic()
    done = carried_out(step)
    print(f"-- {step.title}: {time.monotonic() - began:.1f} s", flush=True)
    return counted(step, done.returncode)


def run_quietly(step: Step) -> Counts:
    """Runs one step beside others: its output is shown in one piece, if it failed."""
    began = time.monotonic()
    done = carried_out(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    shown = "" if done.returncode == 0 else f"\n{done.stdout.decode(errors='replace')}"
    print(f"-- {step.title}: {time.monotonic() - began:.1f} s{shown}", flush=True)
    return counted(step, done.returncode)


def carried_out(
    step: Step, stdout: int | None = None, stderr: int | None = None
) -> "subprocess.CompletedProcess[bytes]":
    (REPORTS / f"{step.report}.xml").unlink(missing_ok=True)
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": search}
    return subprocess.run(
        step.command, cwd=ROOT, env=environment, stdout=stdout, stderr=stderr, check=False
    )


def counted(step: Step, returncode: int) -> Counts:
    """The step's tests, or one for a step without a report."""
    if not step.report:
        return of_static(returncode)
    report = REPORTS / f"{step.report}.xml"
    text = report.read_text(encoding="utf-8") if report.exists() else ""
    counts = of_report(text, returncode)
    return counts.with_skipped_failed() if step.strict else counts


def paths_of(words: Sequence[str]) -> list[str]:
    """`core` is tests/core; anything that exists as it is stays as it is."""
    return [word if (ROOT / word.split("::")[0]).exists() else f"tests/{word}" for word in words]


def without(program: DebianProgram, *, strict: bool) -> Counts:
    """Says that its tests cannot run; in continuous integration that is a failure."""
    print(f"\n== {program.title} tests")
    print(f"There is no {program.title} here: apt-get install {program.package}, then retry.")
    return Counts(failed=1) if strict else Counts(skipped=1)


def main(words: Sequence[str]) -> int:
    """Every step; with `quick` those for every save; with other words only the tests below them.
    The exit code."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    if list(words) == [QUICK]:
        return quick()
    strict = os.environ.get("CI", "").lower() == "true"
    steps = [build_step(), *test_steps(paths_of(words), strict=strict)]
    if not words:
        steps = [*reading_steps(), migrations_step(), browser_unit_step(), *steps]
    results = {step.title: run_step(step) for step in steps}
    for program in (CHROMIUM, FIREFOX):
        if program.find() is None:
            results[f"{program.title} tests"] = without(program, strict=strict)
    return summed(results)


def quick() -> int:
    """The quick steps, AT_ONCE at a time; the exit code."""
    steps = quick_steps()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        counts = pool.map(run_quietly, steps)
        return summed({step.title: one for step, one in zip(steps, counts, strict=True)})


def summed(results: Mapping[str, Counts]) -> int:
    """Prints what failed and the last line; the exit code."""
    total = sum(results.values(), start=Counts())
    failed = [title for title, counts in results.items() if counts.failed]
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nEverything passed.")
    print(f"thirds: {total}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
