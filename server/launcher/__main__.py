"""`python -m server.launcher`, which `./run` becomes: everything of Thirds on one machine.

Owns the order: services, then the store's tables, then web, media and worker; the end in
reverse. Must not know what the processes do.
"""

import asyncio
import contextlib
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from server.launcher import lan
from server.launcher.arguments import LOOPBACK, check_port, own_address, parse
from server.launcher.children import tethered
from server.launcher.contract import WEB_ROLE, environment, restricted
from server.launcher.errors import LauncherError
from server.launcher.media import media_programs
from server.launcher.processes import Keeper, Program, report, stop_in_order, watch
from server.launcher.services import Services, embedded_services, given_services
from server.launcher.web import WebAddress

ROOT = Path(__file__).resolve().parent.parent.parent
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FAILURES_BEFORE_READY = 3
ABOVE = "the lines above say why."


def programs(address: WebAddress, env: Mapping[str, str]) -> list[Program]:
    """What runs beside the services, in the order in which it is stopped."""
    python, manage = sys.executable, str(ROOT / "manage.py")
    return [
        Program("web", [python, "-m", *address.command]),
        Program("worker", [python, manage, "worker"]),
        Program("probe", [python, "-m", "server.probe"]),
        *media_programs(python, env),
    ]


@contextlib.contextmanager
def services_of(folder: Path, given: Mapping[str, str]) -> Iterator[Services]:
    """The services named by DATABASE_URL and REDIS_URL, else our own in `folder`."""
    database_url, redis_url = given.get("DATABASE_URL", ""), given.get("REDIS_URL", "")
    if bool(database_url) != bool(redis_url):
        raise LauncherError("Set both DATABASE_URL and REDIS_URL, or neither.")
    chosen = (
        given_services(folder, database_url, redis_url)
        if database_url
        else embedded_services(folder)
    )
    with chosen as services:
        yield services


def manage(words: Sequence[str], env: Mapping[str, str], sentence: str) -> str:
    """Runs one manage.py command to its end and returns what it printed."""
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    done = subprocess.run(
        tethered(command, on_parent_death=signal.SIGKILL),
        env=dict(env),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        check=False,
    )
    if done.returncode != 0:
        raise LauncherError(sentence)
    return done.stdout.decode(errors="replace").strip()


def prepare_store(env: Mapping[str, str], *, demo: bool) -> str:
    """Tables, the planned sessions by this release's time zone rules and, on our own database, the
    rights of web and worker and the demo programme.

    Returns what `seed_demo` prints: who to sign in as; empty without a demo.
    """
    report("Preparing the database.")
    owner = {**env, "THIRDS_DATABASE_ROLE": WEB_ROLE} if demo else env
    manage(
        ["migrate", "--no-input", "-v", "0"], owner, f"The database could not be prepared: {ABOVE}"
    )
    if not demo:
        manage(["follow_zone_rules"], env, f"The sessions could not follow the clocks: {ABOVE}")
        return ""
    return manage(["seed_demo"], env, f"The demo programme could not be made: {ABOVE}")


async def answers(address: WebAddress) -> bool:
    """Whether an HTTP answer comes from the web process, over TLS by its own certificate."""
    trusted = None
    if address.certificate is not None:
        trusted = ssl.create_default_context(cafile=address.certificate.certificate)
    try:
        reader, writer = await asyncio.open_connection(address.host, address.port, ssl=trusted)
    except OSError:
        return False
    with contextlib.closing(writer), contextlib.suppress(OSError, TimeoutError):
        writer.write(f"HEAD / HTTP/1.0\r\nHost: {address.host}:{address.port}\r\n\r\n".encode())
        return (await asyncio.wait_for(reader.read(5), 10.0)) == b"HTTP/"
    return False


async def welcome(address: WebAddress, web: Keeper, lines: Sequence[str]) -> None:
    """Once the web answers: prints the address to open, then who to sign in as."""
    while not await answers(address):
        if web.failures >= FAILURES_BEFORE_READY:
            raise LauncherError(f"The web process does not start: {ABOVE}")
        await asyncio.sleep(0.1)
    print(*lines, sep="\n", flush=True)


async def serve(
    services: Services, env: Mapping[str, str], address: WebAddress, lines: Sequence[str]
) -> None:
    """Keeps everything going until a signal to stop; a second one ends it at once."""
    keepers = [Keeper(program, env, ROOT) for program in programs(address, env)]
    asked = asyncio.Event()

    def ask() -> None:
        if asked.is_set():
            for keeper in keepers:
                keeper.end_at_once()
        asked.set()

    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, ask)
    for keeper in keepers:
        keeper.begin()
    watches = [asyncio.create_task(watch(service)) for service in services.embedded]
    greeted = asyncio.create_task(welcome(address, keepers[0], lines))
    greeted.add_done_callback(lambda done: asked.set() if failed(done) else None)
    try:
        await asked.wait()
    finally:
        for task in (*watches, greeted):
            task.cancel()
        await stop_in_order(keepers)
    if failed(greeted):
        await greeted


def failed(task: "asyncio.Task[None]") -> bool:
    """Whether it ended with an exception of its own."""
    return task.done() and not task.cancelled() and task.exception() is not None


def address_for(port: int, folder: Path, *, on_lan: bool) -> WebAddress:
    """Loopback, or with `--lan` this machine's own address, with a certificate for it."""
    if not on_lan:
        return WebAddress(port)
    host = own_address()
    if host == LOOPBACK:
        raise LauncherError("This machine is in no network: connect it, or use ./run alone.")
    return WebAddress(port, host, lan.certificate_for(host, folder / "lan", datetime.now(UTC)))


def greeting(address: WebAddress, code: str, people: str) -> list[str]:
    """What stdout says once the web answers; the first line is the address."""
    if address.certificate is None:
        return [f"Open {address.origin}", *filter(None, [people])]
    return lan.welcome_lines(address.origin, address.certificate, code, people)


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Before the loop runs, every signal to stop is a Ctrl-C."""
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> None:
    """Runs until it is stopped. Raises LauncherError with a sentence for the person."""
    for number in STOP_SIGNALS:
        signal.signal(number, interrupt)
    options = parse(arguments)
    folder = ROOT / "var"
    address = address_for(options.port, folder, on_lan=options.lan)
    check_port(address.port, address.host)
    code = lan.new_code() if options.lan else ""
    with services_of(folder, os.environ) as services:
        demo = bool(services.embedded)
        env = environment(services, address, folder, demo=demo, base=os.environ, demo_code=code)
        people = prepare_store(env, demo=demo)
        env = restricted(env) if demo else env
        lines = greeting(address, code, people)
        asyncio.run(serve(services, env, address, lines))
    report("Stopped.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except LauncherError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        report("Stopped.")
