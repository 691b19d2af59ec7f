"""R8, R10 to R12, R16: when things were due, how long they took, and what calm sweeps change."""

from datetime import UTC, datetime, time, timedelta
from statistics import median
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from faults.checker.evidence import MESSAGES, Evidence, Row, epoch, instant, local
from faults.checker.mails import BEFORE, SLEEPS, STATUSES, WAKES
from faults.checker.verdict import Verdict

DRAINS_WITHIN, BOOKS_WITHIN, SWEEP_AND_A_MINUTE = 300.0, 0.5, 90.0
SLOWER_BY = 0.05


def judge(evidence: Evidence) -> list[Verdict]:
    found = [due_times(evidence), drained(evidence)]
    quiet = evidence.measured.quiet
    if quiet:
        found += [idempotent(quiet), independent(quiet), poisoned(evidence, quiet)]
    return found


def due_times(evidence: Evidence) -> Verdict:
    verdict = Verdict("R8", "“hours before” is elapsed time, put off to the patient's morning")
    for pk, life in evidence.lives[MESSAGES].items():
        row, committed = life.states[0], life.since[0]
        session = evidence.session(row, committed)
        contact = evidence.contact(row["patient_id"], committed)
        rule = evidence.rules.get(row["rule_id"] or 0)
        if session is None or contact is None or rule is None or rule["hours"] is None:
            continue
        if rule["kind"] == "late_booking":
            point = instant(session["scheduled_at"])
        elif STATUSES.get(rule["kind"]) is BEFORE:
            point = instant(session["starts_at"]) - timedelta(hours=rule["hours"])
        else:
            continue
        wanted = _due(point, contact["time_zone"])
        if wanted is not None:
            verdict.look(
                instant(row["not_before"]) == wanted,
                f"message {pk} is due at {row['not_before']}, not at {wanted}",
            )
    return verdict


def _due(moment: datetime, zone: str) -> datetime | None:
    """Return the moment, or the next 08:00 there: minute by minute, as a brute force would."""
    try:
        clock = moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return None
    if time(WAKES) <= clock.time() < time(SLEEPS):
        return moment
    step = moment.replace(second=0, microsecond=0)
    while not time(WAKES) <= step.astimezone(ZoneInfo(zone)).time() < time(SLEEPS):
        step += timedelta(minutes=1)
    return step.astimezone(UTC)


def drained(evidence: Evidence) -> Verdict:
    verdict = Verdict("R12", "after the last fault everything due went within five minutes")
    measured = evidence.measured
    verdict.look(measured.left == 0, f"{measured.left} are left after {measured.drained:.0f} s")
    verdict.look(measured.drained <= DRAINS_WITHIN, f"it took {measured.drained:.0f} s")
    verdict.note = f"{measured.drained:.0f} s"
    return verdict


def idempotent(quiet: Row) -> Verdict:
    verdict = Verdict("R10", "ten more sweeps and ten replayed rings change nothing")
    verdict.checked = quiet["settled"]
    verdict.violations = [f"message {pk} changed" for pk in quiet["changed"]]
    return verdict


def independent(quiet: Row) -> Verdict:
    verdict = Verdict("R11", "a median booking takes < 500 ms, and mail goes, with Valkey away")
    usual = median(quiet["booked"]["usual"])
    for name, took in quiet["booked"].items():
        # The median: each booking would wait for a broker, and a busy machine delays only some.
        verdict.look(median(took) < BOOKS_WITHIN, f"bookings took {median(took):.3f} s: {name}")
        slower = median(took) - usual
        verdict.look(slower <= SLOWER_BY, f"{slower:.3f} s slower than usual: {name}")
    verdict.look(
        quiet["frozen_mail"] <= SWEEP_AND_A_MINUTE,
        f"mail took {quiet['frozen_mail']:.0f} s with Valkey frozen",
    )
    booked = ", ".join(
        f"{name} {median(took) * 1000:.0f}/{_p95(took) * 1000:.0f}"
        for name, took in quiet["booked"].items()
    )
    verdict.note = f"median/p95 in ms: {booked}; mail after {quiet['frozen_mail']:.0f} s"
    return verdict


def _p95(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.95)]


def poisoned(evidence: Evidence, quiet: Row) -> Verdict:
    """Of the run: patients without a clock, and clinics in whose mails their own clock is told."""
    verdict = Verdict(
        "R16", "a mail that can't be written fails alone; no clock, no mail, with a reason"
    )
    for pk, life in evidence.lives[MESSAGES].items():
        row, first = life.now, life.states[0]
        contact = evidence.contact(row["patient_id"], evidence.measured.ended)
        if first["state"] != "planned" or epoch(first["not_before"]) >= evidence.measured.calm:
            continue
        if contact is not None and not _is_a_zone(contact["time_zone"]):
            verdict.look(row["state"] == "suppressed", f"no clock: message {pk} is {row['state']}")
        elif not _is_a_zone(evidence.clinics[row["clinic_id"]]["time_zone"]):
            verdict.look(row["state"] == "failed", f"poison: message {pk} is {row['state']}")
    verdict.look(
        quiet["beside_poison"] <= SWEEP_AND_A_MINUTE,
        f"the others took {quiet['beside_poison']:.0f} s",
    )
    verdict.note = f"mail beside poison after {quiet['beside_poison']:.0f} s"
    return verdict


def _is_a_zone(name: str) -> bool:
    return local(0.0, name) is not None
