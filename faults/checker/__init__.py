"""Decides from the mail server's log, the database and the clients' notes; it shares no code with
what it judges, and imports nothing of Taper's applications."""

from faults.checker import mails, rows, times
from faults.checker.evidence import Evidence
from faults.checker.verdict import Verdict


def judge(evidence: Evidence) -> list[Verdict]:
    """Return one verdict per statement, in the order of their numbers."""
    found = [*rows.judge(evidence), *mails.judge(evidence), *times.judge(evidence)]
    return sorted(found, key=lambda verdict: verdict.order)
