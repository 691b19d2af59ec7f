"""What a signature vouches for, in words: order, doses and steps; apps above tell the rest."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from clinic.numbers import plain
from sessions import ports
from sessions.bodyweight import Basis
from sessions.drip_totals import Totals
from sessions.models import Dose, DoseCheck, DoseOrder, DoseWaste, InfusionEvent, TreatmentSession
from sessions.models.protocol import Route
from sessions.sections import Fact, Section
from sessions.services import drips
from sessions.services.drips import Kind


def covered(treatment_session: TreatmentSession) -> tuple[Section, ...]:
    """Return the whole record of a session, short enough to be read before signing."""
    doses = list(
        Dose.objects.filter(treatment_session=treatment_session)
        .standing()
        .select_related("order__prescriber", "given_by")
    )
    events = InfusionEvent.objects.filter(treatment_session=treatment_session)
    steps = drips.in_order(events.select_related("by", "dose"))
    told = ports.told(treatment_session).values()
    return (
        Section("Order", tuple(_orders(doses)), "No order stands behind a dose."),
        Section("Second check", tuple(_checks(treatment_session)), "Nobody else checked the dose."),
        Section(
            "Given",
            (*_doses(doses, steps), *_drip(doses, steps), *_ran(doses, steps)),
            "No dose was given.",
        ),
        Section("Waste", tuple(_wastes(treatment_session)), "Nothing is on record."),
        *(section for sections in told for section in sections),
        Section("Steps", tuple(_steps(treatment_session))),
    )


def time_of(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"


def order_words(order: DoseOrder) -> str:
    """Say what was ordered: "ketamine 39.2 mg (0.5 mg/kg for 78.4 kg, adjusted …)"."""
    return f"{order}{_for_weight(order)}"


def _orders(doses: Iterable[Dose]) -> Iterable[Fact]:
    orders = {dose.order.pk: dose.order for dose in doses if dose.order}
    for order in orders.values():
        on = f"{timezone.localtime(order.ordered_at):%d %b %Y}"
        reason = f": {order.reason}" if order.reason else ""
        yield Fact(order_words(order), f"{order.prescriber}, {on}{reason}")


def _for_weight(order: DoseOrder) -> str:
    if not order.weight_kg or not order.mg_per_kg:
        return ""
    kg = f"{plain(order.weight_kg)} kg"
    if order.weight_basis and order.weight_basis != Basis.ACTUAL:
        actual = f"; weighed {plain(order.actual_kg)} kg" if order.actual_kg else ""
        kg += f", {order.get_weight_basis_display().lower()}{actual}"
    return f" ({plain(order.mg_per_kg)} mg/kg for {kg}, over {order.infusion_minutes} min)"


def check_words(check: DoseCheck) -> str:
    """Say what a second person found: "38 mL at 57 mL/h", and what differed."""
    if check.route == Route.IV:
        numbers = f"{plain(check.dose_mg)} mg = {_number(check.volume_ml)} mL at "
        numbers += f"{_number(check.rate_ml_h)} mL/h ({_number(check.concentration_mg_ml)} mg/mL)"
    else:
        numbers = f"{plain(check.dose_mg)} mg, {check.devices} devices"
    return f"{numbers}. {' '.join([*check.differences, *check.cautions])}".strip()


def _checks(treatment_session: TreatmentSession) -> Iterable[Fact]:
    rows = DoseCheck.objects.filter(treatment_session=treatment_session)
    for check in rows.select_related("prepared_by", "checked_by"):
        result = "" if check.agrees else "refused: "
        people = f"Prepared by {check.prepared_by}, checked by {check.checked_by}."
        yield Fact(
            f"Second check, {time_of(check.checked_at)}",
            f"{result}{check_words(check)} {people}",
            not check.agrees or bool(check.cautions),
        )


def waste_words(row: DoseWaste) -> str:
    """Say "50 mg opened, 33 mg given, 17 mg thrown away (locked medicine waste bin), lot A1"."""
    missing = row.unaccounted_mg
    parts = [
        f"{plain(row.opened_mg)} mg opened",
        f"{plain(row.given_mg)} mg given",
        f"{plain(row.wasted_mg)} mg thrown away ({row.get_method_display().lower()})",
        f"lot {row.lot}",
        *([f"{plain(missing)} mg not accounted for"] if missing > 0 else []),
        *([f"{plain(-missing)} mg more than was opened"] if missing < 0 else []),
    ]
    more = [row.note, f"Corrected: {row.reason}" if row.supersedes_id else ""]
    return ". ".join([", ".join(parts), *(text for text in more if text)])


def _wastes(treatment_session: TreatmentSession) -> Iterable[Fact]:
    rows = DoseWaste.objects.filter(treatment_session=treatment_session).standing()
    for row in rows.select_related("recorded_by", "witness"):
        witness = f", witness {row.witness}" if row.witness else ", no witness"
        text = f"{waste_words(row)}. {row.recorded_by}{witness}."
        yield Fact(f"Waste, {time_of(row.wasted_at)}", text, bool(row.unaccounted_mg))


def _ran(doses: Iterable[Dose], steps: Sequence[InfusionEvent]) -> Iterable[Fact]:
    """Say what ran of each infusion: as the pump showed it, and by its rates."""
    for dose in doses:
        own = [step for step in steps if step.dose.number == dose.number]
        if dose.route != Route.IV or not own or own[-1].kind != Kind.STOP:
            continue
        yield Fact("Given in all", totals_words(drips.ran(dose, own, own[-1].at)))


def totals_words(found: Totals) -> str:
    """Say "33 mg = 33 mL of 38 mL; 33.3 mL by the rates"; while it runs, what has run."""
    mg, prepared = plain(found.given_mg), plain(found.prepared_ml)
    by_rates = plain(found.by_rates_ml)
    if not found.is_stopped:
        return f"{by_rates} of {prepared} mL have run by the rates: {mg} mg"
    return f"{mg} mg = {plain(found.given_ml)} mL of {prepared} mL; {by_rates} mL by the rates"


def _number(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def _doses(doses: Iterable[Dose], steps: Iterable[InfusionEvent]) -> Iterable[Fact]:
    first_rates = {step.dose.number: step.rate_ml_h for step in steps if step.kind == Kind.START}
    for dose in doses:
        what = "Infusion" if dose.route == Route.IV else f"Device {dose.number}"
        parts = [f"{plain(dose.dose_mg)} mg"]
        if dose.concentration_mg_ml is not None:
            parts.append(f"{plain(dose.concentration_mg_ml)} mg/mL")
        if rate := first_rates.get(dose.number):
            parts.append(f"{plain(rate)} mL/h")
        if dose.outcome != Dose.Outcome.COMPLETE:
            parts.append(dose.get_outcome_display().lower())
        if dose.estimated_mg is not None:
            parts.append(f"{plain(dose.estimated_mg)} mg received")
        parts.append(f"lot {dose.lot}")
        if dose.expires_on:
            parts.append(f"expires {dose.expires_on:%d %b %Y}")
        if dose.serial:
            parts.append(f"serial {dose.serial}")
        parts.append(f"by {dose.given_by}")
        parts += ["corrected"] if dose.supersedes_id else []
        parts += ["outside the gate"] if dose.outside_gate else []
        reason = f": {dose.reason}" if dose.reason else ""
        label = f"{what}, {time_of(dose.given_at)}"
        yield Fact(label, ", ".join(parts) + reason, dose.outside_gate)


def _drip(doses: Iterable[Dose], steps: Iterable[InfusionEvent]) -> Iterable[Fact]:
    given = {dose.number for dose in doses}
    for event in steps:
        if event.kind == Kind.START or event.dose.number not in given:
            continue
        parts = [f"{plain(event.rate_ml_h)} mL/h"] if event.rate_ml_h else []
        parts += [f"{plain(event.given_ml)} mL in all"] if event.given_ml is not None else []
        parts += [f"by {event.by}", *(["corrected"] if event.supersedes_id else [])]
        reason = f": {event.reason}" if event.reason else ""
        yield Fact(f"{event.get_kind_display()}, {time_of(event.at)}", ", ".join(parts) + reason)


def _steps(treatment_session: TreatmentSession) -> Iterable[Fact]:
    for change in treatment_session.status_changes.select_related("by").order_by("pk"):
        outside = ", outside the gate" if change.outside_gate else ""
        reason = f": {change.reason}" if change.reason else ""
        label = f"{change.get_to_status_display()}, {time_of(change.at)}"
        yield Fact(label, f"{change.by or 'the system'}{outside}{reason}", change.outside_gate)
