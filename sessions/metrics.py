"""What this process counts, for Prometheus: refusals by their code, letters that were dropped.

Owns the names of the counters. Labels are codes of ours: no name, no id, nothing that was typed.
Stands below every layer; who serves the figures is not known here (server/metrics.py).
"""

from typing import Final

from prometheus_client import Counter

REFUSALS: Final = Counter("thirds_refusals", "Verbs and pages that a rule refused", ["code"])
MAIL_DROPPED: Final = Counter("thirds_mail_dropped", "Letters dropped because too many waited")
MAIL_FAILED: Final = Counter("thirds_mail_failed", "Letters that the mail server did not take")
