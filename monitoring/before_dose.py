"""What forbids a dose today: answers, the private question, weight, vital signs before the dose.

No database, no clock: a visit comes in as values, what is open comes out. What was decided where no
source says more:

- A stop that a prescriber may decide is lifted by a decision that was shown it. A decision about
  values covers the rows it was shown, by their keys, and no others.
- Over the limit, a blood pressure is repeated first; from the critical limits on nobody decides:
  only a later reading under them lets the dose pass. A critically low one is a hold.
- What was measured too long before the first dose is measured again; no later device asks for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from clinic.words import explains
from monitoring.alerts import alerts
from monitoring.holding import Hold, hold_of, speaks
from monitoring.models import PreDoseCheck, PreDosePolicy, PregnancyAnswer
from monitoring.questions import PRIVATE, Level
from monitoring.readings import (
    DISSOCIATION_NONE,
    MOAAS_BEST,
    BloodPressure,
    History,
    Reading,
    Settings,
)
from monitoring.trouble import Trouble
from patients.models import Patient
from patients.rules import age_on
from sessions.ports import Unmet

DECIDES: dict[Level, str] = {
    "reason": "A prescriber decides, with a reason",
    "justification": "A prescriber decides, with a written justification",
}
Pdmp, Pregnancy = PreDosePolicy.Pdmp, PreDosePolicy.Pregnancy


@dataclass(frozen=True, slots=True)
class Stop(Unmet):
    """What a prescriber may decide; `keys` name the rows that the decision has to cover."""

    keys: tuple[str, ...] = ()
    level: Level = "reason"
    safety_plan: bool = False


@dataclass(frozen=True)  # without slots: what is asked again and again is computed once
class Today:
    """What a dose of this visit rests on."""

    check: PreDoseCheck | None  # the newest of this visit
    visit: Sequence[Reading]  # the standing sets since the patient came, by time
    first_dose: datetime | None
    settings: Settings
    policy: PreDosePolicy
    on: date  # in the clinic's zone, as the next three
    birth_date: date
    sex: str
    pregnancy: PregnancyAnswer | None = None
    pregnancy_on: date | None = None
    weighed_on: date | None = None
    weight_days: int = 0
    history: History = field(default_factory=History)
    goes_on: tuple[Trouble, ...] = ()

    @property
    def age(self) -> int:
        return age_on(self.birth_date, self.on)

    @property
    def repeat(self) -> timedelta:
        """Return how long after a critical value a recheck counts."""
        return timedelta(minutes=self.policy.bp_repeat_minutes)

    @property
    def before(self) -> list[Reading]:
        first = self.first_dose
        return [row for row in self.visit if first is None or row.observed_at <= first]

    def recent(self, now: datetime) -> list[Reading]:
        """Return the sets that are recent enough to start a dose on; once it began, all."""
        if self.first_dose is not None or not self.settings.predose_recent_minutes:
            return self.before
        oldest = now - timedelta(minutes=self.settings.predose_recent_minutes)
        return [row for row in self.before if row.observed_at >= oldest]

    def covered(self, keys: Sequence[str]) -> bool:
        """Whether a prescriber decided to go on, shown all of these."""
        check = self.check
        return bool(check and check.decided_by_id and set(keys) <= set(check.covers))


def unmet(today: Today, now: datetime) -> list[Unmet]:
    """Name what is missing before a dose."""
    return [
        *unmet_answers(today.check),
        *_private(today),
        *_weight(today),
        *_baseline(today, now),
        *_values(today),
    ]


def unmet_hold(found: Hold | None, minutes: int) -> list[Unmet]:
    if found is None:
        return []
    text = (
        f"{found.text} Recheck within limits, {minutes} minutes after it or later, "
        "or a prescriber decides, with a reason."
    )
    return [Stop("hold", text, found.keys)]


def unmet_now(today: Today) -> list[Unmet]:
    """Name what forbids any more of the dose, also after its start: what goes on, then values."""
    return [*_unmet_trouble(today), *unmet_hold(held(today), today.policy.bp_repeat_minutes)]


def _unmet_trouble(today: Today) -> list[Unmet]:
    found = [one for one in today.goes_on if one.stops and not today.covered([one.key])]
    if not found:
        return []
    text = f"{'; '.join(one.words for one in found)}. {DECIDES['reason']}."
    return [Stop("trouble", text, tuple(sorted(one.key for one in found)))]


def held(today: Today) -> Hold | None:
    """Return what holds the dose: critical values of this visit that no decision covers."""
    found = hold_of(today.visit, today.first_dose, today.history, today.settings, today.repeat)
    return None if found and today.covered(found.keys) else found


def unmet_answers(check: PreDoseCheck | None) -> list[Unmet]:
    if check is None:
        return [Unmet("predose_check", "The pre-dose check is not done. A nurse completes it.")]
    blank = [words for code, words in check.asked_words.items() if not getattr(check, code, "")]
    if blank or not check.identity_confirmed:
        text = f"Not answered: {'; '.join(blank) or 'who the patient is'}. Repeat the check."
        return [Unmet("predose_check", text)]
    found = check.stopped
    absolute = [words for words, choice in found if choice.stop == "absolute"]
    if absolute:
        text = "The patient's identity is not confirmed, and nobody decides that"
        return [Unmet("predose_check", f"{'; '.join(absolute)}. {text}. Repeat the check.")]
    if not found or check.decided_by_id:
        return []
    level = worst(choice.stop for _, choice in found)
    plan = any(choice.safety_plan for _, choice in found)
    text = f"{'; '.join(words for words, _ in found)}. {DECIDES[level]}"
    text += " and a safety plan." if plan else "."
    return [Stop("predose_stop", text, (), level, plan)]


def worst(levels: Iterable[Level]) -> Level:
    """Return what asks for more, of the levels that somebody may decide."""
    return "justification" if "justification" in levels else "reason"


def asks_pregnancy(today: Today) -> bool:
    policy = today.policy
    if not policy.pregnancy_from_age <= today.age <= policy.pregnancy_to_age:
        return False
    male, female = Patient.Sex.MALE, Patient.Sex.FEMALE
    return {
        Pregnancy.FEMALE: today.sex == female,
        Pregnancy.NOT_MALE: today.sex != male,
        Pregnancy.ALL: True,
    }.get(Pregnancy(policy.pregnancy), False)


def _private(today: Today) -> list[Unmet]:
    """Ask again after the interval, and at each visit while it was declined."""
    if not asks_pregnancy(today):
        return []
    row, asked_on = today.pregnancy, today.pregnancy_on
    if row is None or asked_on is None or _is_old(row, asked_on, today):
        text = "A private question is open. A nurse asks it where nobody else listens."
        return [Unmet("pregnancy", text)]
    choice = PRIVATE[row.answer]
    keys = (f"pregnancy:{row.pk}",)
    if not choice.stop or today.covered(keys):
        return []
    text = f"{choice.stopped}. {DECIDES[choice.stop]}."
    return [Stop("pregnancy_stop", text, keys, choice.stop)]


def _is_old(row: PregnancyAnswer, asked_on: date, today: Today) -> bool:
    if row.answer == "positive":
        return False
    days = 0 if PRIVATE[row.answer].stop else today.policy.pregnancy_days
    return (today.on - asked_on).days > days


def _weight(today: Today) -> list[Unmet]:
    if not today.settings.predose_needs_weight:
        return []
    if today.weighed_on is None:
        return [Unmet("weight", "No weight is on record. Weigh the patient.")]
    if (today.on - today.weighed_on).days <= today.weight_days:
        return []
    text = f"The last weight is of {today.weighed_on:%d %b %Y}. Weigh the patient."
    return [Unmet("weight", text)]


def _baseline(today: Today, now: datetime) -> list[Unmet]:
    before, recent = today.before, today.recent(now)
    pressures = [row for row in before if row.systolic is not None]
    if not pressures:
        return [Unmet("baseline", "No blood pressure before the dose. Record the vital signs.")]
    explained = any(explains(row.not_obtained) for row in recent)
    asked = [("systolic", "Blood pressure")]
    asked += [] if explained else [("spo2", "SpO₂"), ("sedation", "MOAA/S")]
    lacking = [pair for pair in asked if all(getattr(row, pair[0]) is None for row in recent)]
    old = [
        words for name, words in lacking if any(getattr(row, name) is not None for row in before)
    ]
    never = [words for _, words in lacking if words not in old]
    found = []
    if never:
        text = f"{' and '.join(never)} before the dose: record it, or say why it was not obtained."
        found.append(Unmet("baseline", text))
    if old:
        minutes = today.settings.predose_recent_minutes
        text = f"Over {minutes} minutes old: {', '.join(old)}. Measure again before the dose."
        found.append(Unmet("baseline_old", text))
    return [*found, *_pressure(today, pressures)]


def _pressure(today: Today, pressures: Sequence[Reading]) -> list[Unmet]:
    """Judge the newest; of two with the same time, both count."""
    settings = today.settings
    limit = settings.predose_limit(today.age)
    critical = BloodPressure(settings.alert_systolic, settings.alert_diastolic)
    last = [row for row in pressures if row.observed_at == pressures[-1].observed_at]
    count = speaks(pressures, [row for row in pressures if _reaches(row, critical)], today.repeat)
    found = [row for row in count if _reaches(row, critical)]
    if found and not _measured_since(today, last[0]):
        worst_of = found[0]
        text = (
            f"Blood pressure {_shown(worst_of)} is critical, from {critical} on no dose is given "
            "and nobody decides otherwise. Call the prescriber and measure again"
            f" after {today.policy.bp_repeat_minutes} minutes."
        )
        return [Unmet("predose_critical", text)]
    over = [row for row in last if _exceeds(row, limit)]
    keys = tuple(row.key("bp") for row in over)
    if not over or today.covered(keys):
        return []
    words = f"Blood pressure {_shown(over[-1])} is over {limit}"
    minutes = today.policy.bp_repeat_minutes
    if last[0].observed_at - _high_since(pressures, limit) < timedelta(minutes=minutes):
        text = (
            f"{words}: repeat it after {minutes} minutes, or a prescriber decides, with a reason."
        )
        return [Stop("predose_repeat", text, keys)]
    return [Stop("predose_bp", f"{words}. {DECIDES['reason']}.", keys)]


def _values(today: Today) -> list[Unmet]:
    """Ask a prescriber about the newest values but pressure that are short of critical."""
    found = [
        (f"reading:{row.id}:{name}", words)
        for name in ("spo2", "sedation", "dissociation")
        for row in _newest(today.before, name)
        if (words := _short(row, name, today.settings))
    ]
    keys = tuple(key for key, _ in found)
    if not found or today.covered(keys):
        return []
    text = f"{'; '.join(words for _, words in found)} before the dose. {DECIDES['reason']}."
    return [Stop("predose_values", text, keys)]


def _newest(rows: Sequence[Reading], measure: str) -> list[Reading]:
    """Return the last that are known; of two with the same time, both."""
    known = [row for row in rows if getattr(row, measure) is not None]
    return [row for row in known if row.observed_at == known[-1].observed_at]


def _short(row: Reading, measure: str, settings: Settings) -> str:
    """Say how a value falls short; a critical one is the hold's."""
    value = getattr(row, measure)
    if any(alert.measure == measure for alert in alerts(row, None, settings)):
        return ""
    if measure == "spo2":
        if row.oxygen_unsaid:
            return f"SpO₂ {value}, without a word on oxygen, which was given before,"
        if not row.on_room_air:
            return f"SpO₂ {value} on oxygen"
        return f"SpO₂ {value} is under {settings.spo2_min}" if value < settings.spo2_min else ""
    if measure == "sedation":
        return f"MOAA/S {value} is below {MOAAS_BEST}" if value < MOAAS_BEST else ""
    return f"Dissociation {value} is above {DISSOCIATION_NONE}" if value > DISSOCIATION_NONE else ""


def _high_since(pressures: Sequence[Reading], limit: BloodPressure) -> datetime:
    """Return when the first was taken of the readings in a row that are over the limit."""
    since = pressures[-1].observed_at
    for row in reversed(pressures):
        if not _exceeds(row, limit):
            break
        since = row.observed_at
    return since


def _measured_since(today: Today, reading: Reading) -> bool:
    """Whether the visit has a later pressure: after a first dose, the hold judges that one."""
    later = (row for row in today.visit if row.observed_at > reading.observed_at)
    return any(row.systolic is not None for row in later)


def _reaches(row: Reading, limit: BloodPressure) -> bool:
    return (row.systolic or 0) >= limit.systolic or (row.diastolic or 0) >= limit.diastolic


def _exceeds(row: Reading, limit: BloodPressure) -> bool:
    return (row.systolic or 0) > limit.systolic or (row.diastolic or 0) > limit.diastolic


def _shown(row: Reading) -> str:
    return str(BloodPressure(row.systolic or 0, row.diastolic or 0))


def pdmp_due(policy: PreDosePolicy, last_on: date | None, on: date) -> bool:
    """Whether prescription monitoring is asked for; `last_on` is of an earlier session."""
    if policy.pdmp == Pdmp.INTERVAL:
        return last_on is None or (on - last_on).days >= policy.pdmp_days
    return policy.pdmp == Pdmp.EACH
