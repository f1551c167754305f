"""`python -m bench.audit`: how long `manage.py verify_audit` takes for a long audit.

Writes rows as the product signs them into a PostgreSQL of its own, links them as the worker does,
and verifies all of them, in this process. Bound: 100,000 rows within 10 s.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench.reporting import finish, machine, progress
from bench.stack import migrate, set_up_django
from server.launcher.contract import environment
from server.launcher.services import embedded_services
from server.launcher.web import WebAddress

BOUND_S: Final = 10.0
PAGE: Final = 5_000


def main(words: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.audit")
    parser.add_argument("--rows", type=int, default=100_000, help="default: %(default)s")
    parser.add_argument("--bound", type=float, default=BOUND_S, help="s; default: %(default)s")
    sizes = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="thirds-bench-") as name:
        folder = Path(name)
        with embedded_services(folder / "var", durable=False) as services:
            env = environment(services, WebAddress(8000), folder, demo=False, base=os.environ)
            set_up_django(env)
            migrate(env)
            return measured(sizes.rows, sizes.bound)


def measured(rows: int, bound: float) -> int:
    """Writes, links, verifies; the exit code."""
    from sessions.audit.sealer import Sealer
    from sessions.audit.verifying import Verified, verify

    progress(f"{rows} rows are written and linked")
    written = timed(lambda: write(rows))
    linked = timed(Sealer().seal)
    progress("all of them are verified")
    began, cpu = time.perf_counter(), time.process_time()
    found = verify([])
    took, used = time.perf_counter() - began, time.process_time() - cpu
    whole = isinstance(found, Verified) and found.linked == rows
    result = {
        "bench": "audit",
        "machine": machine(),
        "rows": rows,
        "write_seconds": round(written, 2),
        "link_seconds": round(linked, 2),
        "verify_seconds": round(took, 2),
        "verify_cpu_seconds": round(used, 2),
        "rows_a_second": round(rows / took),
    }
    missed = [] if whole else ["not every row was found whole"]
    return finish(result, missed + ([f"{took:.1f} s, at most {bound:g}"] if took > bound else []))


def write(rows: int) -> None:
    """Rows such as a tap leaves, signed one by one as `audit.services.record` does."""
    from django.utils import timezone

    from sessions.audit.rows import audit_keys, row_of
    from sessions.core.audit_chain import sign
    from sessions.models import AuditEvent

    keys = audit_keys()

    def made(number: int) -> AuditEvent:
        event = AuditEvent(
            at=timezone.now(),
            verb="room.advance",
            outcome="done",
            detail={"index": number % 3, "session": "x" * 22},
            mac_key=keys.current,
        )
        event.mac = sign(row_of(event), keys)
        return event

    for start in range(0, rows, PAGE):
        page = range(start, min(start + PAGE, rows))
        AuditEvent.objects.bulk_create([made(number) for number in page])


def timed(work: Callable[[], object]) -> float:
    """Seconds that the call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
