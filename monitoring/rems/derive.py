"""The REMS Patient Monitoring Form, derived from one session (clinical reference 3.3).

Pure: what is on record comes in, the form's fields come out in the form's own order, each with its
value and where that is from. Nothing is taken from another session. What the log can't tell is
asked; what nobody told is missing, never normal.
"""

from collections.abc import Iterable
from decimal import Decimal

from monitoring.rems import vitals
from monitoring.rems.facts import Concomitant, Event, Facts, Provider
from monitoring.rems.form import CLASSES, CRITERIA, NO, YES, Field, Form, Part
from monitoring.rems.log import Log, answer, asked

TWO_HOURS = 120
USUAL_MG = (Decimal(28), Decimal(56), Decimal(84))


def derive(facts: Facts) -> Form:
    log = Log(facts)
    return Form(
        (
            Part("patient", "Patient", _patient(facts)),
            Part("medicines", "Concomitant medication", tuple(_medicines(facts))),
            Part("provider", "Monitoring health care provider", _provider(facts.provider)),
            Part("setting", "Setting", _setting(facts)),
            Part("treatment", "Treatment", _treatment(facts, log)),
            Part("time", "Monitoring time", _time(facts, log)),
            Part("acceptable", "Vital signs acceptable", vitals.acceptable(facts, log)),
            Part("pressure", "Blood pressure", vitals.pressure(facts, log)),
            Part("effects", "Sedation, dissociation, breathing", tuple(vitals.effects(facts, log))),
            Part("serious", "Serious adverse events", tuple(_serious(facts, log))),
        )
    )


def _patient(facts: Facts) -> tuple[Field, ...]:
    first, _, others = facts.given_name.partition(" ")
    chart = "chart"
    return (
        Field("first_name", "First name", first, chart, required=True),
        Field("middle_initial", "Middle initial", others[:1], chart),
        Field("last_name", "Last name", facts.family_name, chart, required=True),
        Field("birth_date", "Date of birth", f"{facts.birth_date:%m/%d/%Y}", chart, required=True),
        Field("sex", "Sex", "" if facts.sex == "unknown" else facts.sex, chart, required=True),
        Field("first_treatment", "First treatment", YES if facts.is_first else NO, "earlier doses"),
        Field("enrolled", "REMS enrollment number", facts.enrolment_number, "chart"),
    )


def _medicines(facts: Facts) -> Iterable[Field]:
    """Name what the list has; while a line of it isn't recognised, “no” is a person's word."""
    for key, label in CLASSES.items():
        found, stated = facts.medicines.get(key), answer(facts, key)
        if found and (found.named or found.given):
            origin = "medicine list" if found.named else "given in the visit"
            given = [f"{text} (given in the visit)" for text in found.given]
            yield Field(key, label, YES, origin, True, "; ".join([*found.named, *given]))
        elif found and found.answers_no and stated != YES:
            yield Field(key, label, NO, "medicine list", required=True)
        else:
            note = _to_check(found) if found else ""
            yield Field(key, label, stated, asked(facts), required=True, note=note)


def _to_check(found: Concomitant) -> str:
    notes = {"not recognised": found.unread, "may count": found.doubtful}
    said = (f"{why}, check by hand: {'; '.join(texts)}" for why, texts in notes.items() if texts)
    return ". ".join(said)


def _provider(provider: Provider) -> tuple[Field, ...]:
    return (
        Field("provider_name", "Name", provider.name, provider.why, required=True),
        Field("provider_phone", "Phone", provider.phone, "clinic", required=True),
        Field("provider_email", "E-mail", provider.email, "staff record", required=True),
    )


def _setting(facts: Facts) -> tuple[Field, ...]:
    address = ", ".join(line.strip() for line in facts.address.splitlines() if line.strip())
    return (
        Field("site", "Name", facts.site, "clinic", required=True),
        Field("address", "Address, city, state, ZIP", address, "clinic", required=True),
        Field("site_number", "Site number", facts.site_number, "certification"),
    )


def _treatment(facts: Facts, log: Log) -> tuple[Field, ...]:
    day = f"{log.first.astimezone(facts.zone):%m/%d/%Y}" if log.first else ""
    known = [device.mg for device in facts.devices if device.mg is not None]
    total = sum(known, Decimal(0))
    unusual = [f"device {d.number}: {d.what}" for d in facts.devices if d.what]
    if not facts.devices:
        dose = ""
    elif len(known) < len(facts.devices):
        dose = f"Other: at least {total.normalize():f} mg"
    else:
        dose = f"{'' if total in USUAL_MG else 'Other: '}{total.normalize():f} mg"
    lots = dict.fromkeys(device.lot for device in facts.devices if device.lot)
    return (
        Field("treated_on", "Date of treatment", day, "first device", required=True),
        Field("dose", "Dose", dose, "devices", required=True, note="; ".join(unusual)),
        Field("lots", "Lot numbers", ", ".join(lots), "devices"),
    )


def _time(facts: Facts, log: Log) -> tuple[Field, ...]:
    total = log.minutes(log.first)
    short = "under two hours" if total and int(total) < TWO_HOURS else ""
    earlier = facts.answers.get("ready_minutes", "")
    return (
        Field(
            "minutes",
            "Minutes from the first device to the end of monitoring",
            total,
            "first device and departure",
            required=True,
            note=short,
        ),
        Field(
            "minutes_after_last",
            "Minutes from the last device to the end of monitoring",
            log.minutes(log.last),
            "last device and departure",
        ),
        Field(
            "ready_minutes",
            "Minutes after which the patient would have been ready without the two-hour rule",
            str(earlier),
            asked(facts),
        ),
    )


def _serious(facts: Facts, log: Log) -> Iterable[Field]:
    """Take “yes” from the log; “no” is a clinician's word, since nothing noted is not nothing."""
    serious = [event for event in facts.events if event.serious]
    label = "Serious adverse event"
    if not serious:
        stated = answer(facts, "serious")
        if stated == YES:
            note = "stated, but none is on record: record it as an adverse event"
            yield Field("serious", label, "", asked(facts), required=True, note=note)
        else:
            yield Field("serious", label, stated, asked(facts), required=True)
        return
    yield Field("serious", label, YES, "adverse events", required=True)
    for number, event in enumerate(serious, start=1):
        yield from _one_serious(facts, log, f"serious_{number}", event)


def _one_serious(facts: Facts, log: Log, key: str, event: Event) -> Iterable[Field]:
    stated = facts.answers.get("criteria", ())
    met = event.criteria or tuple(stated if isinstance(stated, list | tuple) else ())
    words = ", ".join(CRITERIA[name] for name in CRITERIA if name in met)
    origin = "adverse events" if event.criteria else asked(facts)
    told = f"{event.term}, {log.at(event.onset_at)}, {event.severity}"
    later = [f"{log.at(at)}: {how}" for at, how in event.follow_ups]
    told += "".join(f". {more}" for more in (event.found, event.action, *later) if more)
    told += f" Ended {log.at(event.ended_at)}: {event.ended}" if event.ended_at else ". Not ended."
    yield Field(f"{key}_criteria", f"{event.term}: why serious", words, origin, required=True)
    yield Field(f"{key}_details", f"{event.term}: details", told, "adverse events", required=True)
