"""What forbids a dose today: answers, the private question, weight, vital signs before the dose.

No database, no clock: a visit comes in as values, what is open comes out. What was decided where no
source says more: a stop that a prescriber may decide is lifted by a decision that was shown it, and
a decision about values covers the rows it was shown, by their keys, and no others.
"""

from collections.abc import Iterable
from datetime import date, datetime

from monitoring.holding import Hold, hold_of
from monitoring.measured_before import baseline, values
from monitoring.models import PreDoseCheck, PreDosePolicy, PregnancyAnswer
from monitoring.questions import PRIVATE, Level
from monitoring.today import DECIDES, Stop, Today
from patients.models import Patient
from sessions.ports import Unmet

Pdmp, Pregnancy = PreDosePolicy.Pdmp, PreDosePolicy.Pregnancy


def unmet(today: Today, now: datetime) -> list[Unmet]:
    """Name what is missing before a dose."""
    return [
        *unmet_answers(today.check),
        *_private(today),
        *_weight(today),
        *baseline(today, now),
        *values(today),
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


def pdmp_due(policy: PreDosePolicy, last_on: date | None, on: date) -> bool:
    """Whether prescription monitoring is asked for; `last_on` is of an earlier session."""
    if policy.pdmp == Pdmp.INTERVAL:
        return last_on is None or (on - last_on).days >= policy.pdmp_days
    return policy.pdmp == Pdmp.EACH
