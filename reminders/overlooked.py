"""What no listener planned: forgotten, booked before a rule came into use, or by its older state.

It shows up here, on each sweep, instead of losing mail.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from clinic import clock
from clinic.audit import acting, system
from clinic.locks import share
from clinic.models import Clinic
from patients.models import Consent, MailHold, Patient
from reminders import charted
from reminders.kinds import BEFORE, STATUSES, Kind
from reminders.models import Message, MessageRule, OptOut
from reminders.planning import plan, plan_by_the_chart, replan, rules_of
from reminders.reaching import standing_consents
from reminders.reconciling import RECONSIDERED
from reminders.rules import ENDING_BY_THEMSELVES
from sessions.models import TreatmentSession

AHEAD = timedelta(days=2)  # looked for so long before a message is due
LOOKED_BACK = timedelta(days=4)
DUE_SOON = timedelta(hours=1)
AT_ONCE = 200
RULES_AT_ONCE = 50  # in one statement, whose length grows with each


def repair(is_over: Callable[[], bool] = lambda: True) -> int:
    """Plan what nobody planned, batch after batch until it is time to stop; return how much."""
    repaired, seen = 0, Seen()
    while True:
        with acting(system("sweep")):
            now, in_use = clock.now(), rules_in_use()
            done = _visits(in_use, now, seen) + _charts(in_use, now, seen)
        repaired += done
        if is_over() or not done:
            return repaired


class Seen:
    """What one repair has looked at: what it can't mend is left to the next one."""

    def __init__(self) -> None:
        self.keys: dict[str, set[int]] = defaultdict(set)

    def new(self, what: str, keys: Iterable[int]) -> list[int]:
        fresh = [key for key in keys if key not in self.keys[what]][:AT_ONCE]
        self.keys[what].update(fresh)
        return fresh


def _visits(in_use: Iterable[MessageRule], now: datetime, seen: Seen) -> int:
    found = seen.new("visit", overlooked(in_use, now))
    if found:
        found = share(TreatmentSession.objects.filter(pk__in=found))
        rows = TreatmentSession.objects.filter(pk__in=found).select_related("course__protocol")
        plan(rows, now)
    return len(found)


def _charts(in_use: Iterable[MessageRule], now: datetime, seen: Seen) -> int:
    unwritten = seen.new("unwritten", _unwritten(in_use, now))
    if unwritten:
        plan_by_the_chart(list(Patient.objects.filter(pk__in=unwritten)), now)
    stale = seen.new("outdated", _outdated_by_the_chart(now))
    for patient in Patient.objects.filter(pk__in=stale):
        replan(patient, now)
    return len(unwritten) + len(stale)


def overlooked(in_use: Iterable[MessageRule], now: datetime) -> list[int]:
    """Return sessions whose messages are missing, outdated or held back in vain; soonest first."""
    found = dict.fromkeys(outdated().values_list("treatment_session", flat=True)[:AT_ONCE])
    found |= dict.fromkeys(_missing_by_any(in_use, now))
    in_vain = _held_back_in_vain(now).filter(treatment_session__isnull=False)
    found |= dict.fromkeys(in_vain.values_list("treatment_session", flat=True))
    return [pk for pk in found if pk is not None]


def _missing_by_any(in_use: Iterable[MessageRule], now: datetime) -> list[int]:
    """Ask the rules about visits in few statements, each rule for so many at most."""
    asked = [rule for rule in in_use if rule.is_for_visits]
    found: list[tuple[datetime, int]] = []
    for begin in range(0, len(asked), RULES_AT_ONCE):
        first, *others = (
            missing(rule, now).order_by("starts_at", "pk").values_list("starts_at", "pk")[:AT_ONCE]
            for rule in asked[begin : begin + RULES_AT_ONCE]
        )
        found += first.union(*others, all=True)
    return [pk for _, pk in sorted(found)]


def rules_in_use() -> list[MessageRule]:
    """Return the rules in use at all clinics."""
    held = rules_of(list(Clinic.objects.values_list("pk", flat=True)))
    return [rule for rules in held.values() for rule in rules if rule.is_active]


def missing(rule: MessageRule, now: datetime) -> QuerySet[TreatmentSession]:
    """Return sessions near enough that have no row of this rule for their present time."""
    own = Message.objects.filter(
        treatment_session=OuterRef("pk"), rule=rule, schedule_rev=OuterRef("schedule_rev")
    )
    rows = TreatmentSession.objects.filter(
        ~Exists(own), clinic=rule.clinic_id, status__in=STATUSES[rule.kind]
    )
    if rule.protocol_key:
        rows = rows.filter(course__protocol__key=rule.protocol_key)
    if rule.kind == Kind.LATE_BOOKING:
        at_short_notice = Q(scheduled_at__gt=F("starts_at") - rule.span)
        since = Q(scheduled_at__gte=rule.in_force_since)
        return rows.between(now, now + rule.span).filter(at_short_notice & since)
    if rule.kind in BEFORE:
        return rows.between(now, now + rule.span + AHEAD)
    return rows.filter(ended_at__gt=now - rule.span - rule.timing.useful, ended_at__lte=now)


def outdated() -> QuerySet[Message]:
    """Return messages planned by an older state of their rule, the most urgent first."""
    return Message.objects.filter(
        state__in=RECONSIDERED,
        rule__revision__gt=F("rule_revision"),
        treatment_session__isnull=False,
        schedule_rev=F("treatment_session__schedule_rev"),
    ).order_by("not_before", "pk")


def _unwritten(in_use: Iterable[MessageRule], now: datetime) -> list[int]:
    """Return patients with a date that a rule writes about, and no message of it yet."""
    wanted: set[int] = set()
    for rule in in_use:
        dated = {} if rule.is_for_visits else _dated(rule, now)
        if dated:
            written = Message.objects.filter(rule=rule, about__in=dated)
            unwritten = dated.keys() - set(written.values_list("about", flat=True))
            wanted.update(dated[about] for about in unwritten)
    return sorted(wanted)


def _dated(rule: MessageRule, now: datetime) -> dict[str, int]:
    """Return what the rule may write about before long, with the patient whose chart has it."""
    until = now + rule.span + AHEAD
    if rule.kind == Kind.CONSENT_EXPIRING:
        consents = Consent.objects.standing().filter(
            Exists(charted.being_treated(OuterRef("patient"))),
            clinic=rule.clinic_id,
            expires_on__range=(now.date(), until.date()),
        )
        return {charted.about_consent(row): row.patient_id for row in consents}
    asked = charted.questionnaires().filter(
        clinic=rule.clinic_id,
        patient__isnull=False,
        due_at__range=(now - rule.timing.useful, until),
    )
    return {charted.about_questionnaire(row): row.patient_id for row in asked if row.patient_id}


def _outdated_by_the_chart(now: datetime) -> list[int]:
    """Return whose messages of the chart are outdated, or held back or taken back in vain."""
    rows = Message.objects.filter(state__in=RECONSIDERED, rule__revision__gt=F("rule_revision"))
    found = {
        patient
        for held in (rows, _held_back_in_vain(now))
        for patient in held.filter(treatment_session=None).values_list("patient", flat=True)
    }
    return sorted(found | _taken_back_in_vain(now))


def _taken_back_in_vain(now: datetime) -> set[int]:
    """Return who is asked after all: the visit of that day is off, the answer was an error."""
    taken_back = Message.objects.filter(
        kind=Kind.QUESTIONNAIRE,
        state=Message.State.CANCELLED,
        not_before__range=(now - LOOKED_BACK, now + DUE_SOON),
        expires_at__gt=now,
    )
    about = dict(taken_back.values_list("about", "patient"))
    if not about:
        return set()
    dates = charted.dates_of(set(about.values()))
    return {pk for key, pk in about.items() if key in dates.get((pk, Kind.QUESTIONNAIRE), {})}


def _held_back_in_vain(now: datetime) -> QuerySet[Message]:
    """Return messages due soon whose patient may be written to after all."""
    return Message.objects.filter(
        ~Exists(MailHold.objects.filter(patient=OuterRef("patient"), lifted_at__isnull=True)),
        ~Exists(
            OptOut.objects.filter(
                patient=OuterRef("patient"), kind=OuterRef("kind"), ended_at__isnull=True
            )
        ),
        Exists(standing_consents().filter(patient=OuterRef("patient"))),
        state=Message.State.SUPPRESSED,
        reason__in=ENDING_BY_THEMSELVES,
        not_before__range=(now - LOOKED_BACK, now + DUE_SOON),
        expires_at__gt=now,
        patient__deceased=False,
        patient__email_contact__verified_at__isnull=False,
    ).filter(Q(treatment_session=None) | Q(schedule_rev=F("treatment_session__schedule_rev")))
