"""The rows behind REMS forms: for any number of sessions in the same few statements."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from clinic.models import RemsCertification
from monitoring import rems
from monitoring.concomitant import concomitant
from monitoring.models import (
    AdverseEvent,
    AdverseEventFollowUp,
    DischargeAssessment,
    EmergencyAction,
    MedicationGiven,
    MissedCheck,
    PreDoseCheck,
    RemsForm,
    SerotoninCheck,
    VitalSigns,
)
from monitoring.oxygen import OXYGEN, oxygen_at
from monitoring.readings import History
from monitoring.rems import Decision, Device, Event, Facts, Provider
from monitoring.services import values
from patients.models import Medication, RemsEnrolment
from sessions.models import Dose, MonitoringCheck, TreatmentSession

OF = "treatment_session_id"
Serious = AdverseEvent.Seriousness
CRITERIA = {  # the form's words for why an event is serious
    Serious.DEATH: "death",
    Serious.LIFE_THREATENING: "life_threatening",
    Serious.HOSPITALISATION: "hospitalization",
    Serious.DISABILITY: "disability",
    Serious.IMPORTANT: "important",
}
WITH = ("patient", "clinic", "course__protocol__monitoring", "phase")


def sessions() -> QuerySet[TreatmentSession]:
    """Return sessions as `facts` needs them."""
    earlier = Dose.objects.given().filter(
        treatment_session__patient=OuterRef("patient"),
        treatment_session__starts_at__lt=OuterRef("starts_at"),
    )
    rows = TreatmentSession.objects.select_related(*WITH)
    return rows.annotate(was_dosed_before=Exists(earlier))


def forms(rows: Sequence[Any]) -> dict[int, rems.Form]:
    """Derive the form of each session, by its key; `rows` come from `sessions`."""
    found = _Rows(rows)
    return {row.pk: rems.derive(found.facts(row)) for row in rows}


class _Rows:
    """What hangs on the sessions, each table read once."""

    def __init__(self, rows: Sequence[Any]) -> None:
        keys = [row.pk for row in rows]

        def of(found: QuerySet[Any], *people: str) -> dict[int, list[Any]]:
            found = found.filter(**{f"{OF}__in": keys})
            # Without a name, select_related follows every key there is.
            return _by(found.select_related(*people) if people else found, OF)

        self.vitals = of(VitalSigns.objects.standing(), "recorded_by")
        self.doses = of(Dose.objects.given())
        self.missed = of(MissedCheck.objects.standing())
        self.events = of(AdverseEvent.objects.standing(), "resolution")
        self.assessments = of(DischargeAssessment.objects.all(), "assessed_by")
        self.checks = of(PreDoseCheck.objects.all())
        self.given = of(MedicationGiven.objects.standing())
        self.oxygen = of(EmergencyAction.objects.standing().filter(code=OXYGEN))
        self.follow_ups = of(AdverseEventFollowUp.objects.all())
        self.serotonin = of(SerotoninCheck.objects.standing())
        self.answers = of(RemsForm.objects.all(), "recorded_by")
        templates = [row.course.protocol.monitoring.pk for row in rows]
        asked = MonitoringCheck.objects.filter(template_id__in=templates).order_by("pk")
        self.template_checks = _by(asked, "template_id")
        enrolments = RemsEnrolment.objects.filter(patient__in=[row.patient_id for row in rows])
        self.enrolments = _by(enrolments, "patient_id")
        medicines = Medication.objects.filter(entered_in_error=False)
        taken = medicines.filter(patient__in=[row.patient_id for row in rows])
        self.medicines = _by(taken, "patient_id")
        clinics = {row.clinic_id for row in rows}
        certified = RemsCertification.objects.filter(clinic__in=clinics)
        self.certifications = _by(certified, "clinic_id")

    def facts(self, row: Any) -> Facts:
        patient, clinic, template = row.patient, row.clinic, row.course.protocol.monitoring
        assessment = next(iter(self.assessments.get(row.pk, ())), None)
        check = next(iter(self.checks.get(row.pk, ())), None)
        told = next(iter(self.answers.get(row.pk, ())), None)
        doses = self.doses.get(row.pk, [])
        day = row.starts_at.astimezone(clinic.zone).date()
        enrolments = self.enrolments.get(row.patient_id, ())
        enrolled = next((one for one in enrolments if one.stands_on(day)), None)
        certifications = self.certifications.get(row.clinic_id, ())
        certified = next((one for one in certifications if one.stands_on(day)), None)
        return Facts(
            given_name=patient.given_name,
            family_name=patient.family_name,
            birth_date=patient.birth_date,
            sex=patient.sex,
            enrolment_number=enrolled.number if enrolled else "",
            is_first=not row.was_dosed_before,
            provider=self._provider(row, assessment),
            site=clinic.name,
            address=clinic.address,
            site_phone=clinic.phone,
            site_number=certified.number if certified else "",
            zone=clinic.zone,
            arrived_at=row.arrived_at,
            ended_at=row.ended_at,
            devices=tuple(_device(dose) for dose in doses),
            history=History(
                readings=tuple(map(values.reading_of, self.vitals.get(row.pk, ()))),
                administrations=values.administrations_of(doses, ()),
                assessment=values.assessment_of(assessment),
                missed={found.label: found.reason for found in self.missed.get(row.pk, ())},
                oxygen_at=oxygen_at(
                    (action.at for action in self.oxygen.get(row.pk, ())),
                    values.drugs_of(self.given.get(row.pk, ())),
                ),
            ),
            settings=values.settings_of(template, self.template_checks.get(template.pk, ())),
            events=tuple(self._event(event) for event in self.events.get(row.pk, ())),
            decisions=tuple(map(_decision, self.checks.get(row.pk, ()))),
            answers=told.answers if told else {},
            answered_by=str(told.recorded_by) if told else "",
            medicines=concomitant(
                self._taken(row, check, day),
                [(one.drug, one.drug_class) for one in self.given.get(row.pk, ())],
            ),
        )

    def _taken(self, row: Any, check: PreDoseCheck | None, day: date) -> list[str]:
        """Return what was taken on the day: on the chart, or named before the dose."""
        rows = self.medicines.get(row.patient_id, ())
        on_chart = [one.text for one in rows if _was_taken(one, day)]
        return [*on_chart, *(check.told_medicines if check else ())]

    def _event(self, event: AdverseEvent) -> Event:
        ended = getattr(event, "resolution", None)
        of_session = event.treatment_session_id
        later = [one for one in self.follow_ups.get(of_session, ()) if one.event_id == event.pk]
        checks = [one for one in self.serotonin.get(of_session, ()) if one.event_id == event.pk]
        return Event(
            term=event.term,
            serious=event.serious,
            onset_at=event.onset_at,
            severity=event.get_severity_display().lower(),
            action=event.action,
            ended_at=ended.resolved_at if ended else None,
            ended=ended.resolution if ended else "",
            criteria=tuple(CRITERIA[Serious(code)] for code in event.seriousness),
            follow_ups=tuple((one.at, str(one)) for one in later),
            found="; ".join(map(str, checks)),
        )

    def _provider(self, row: Any, assessment: DischargeAssessment | None) -> Provider:
        vitals = self.vitals.get(row.pk, ())
        if assessment is not None:
            who, why = assessment.assessed_by, "discharge assessment"
        elif vitals:
            who, why = vitals[-1].recorded_by, "last vital signs"
        else:
            return Provider(phone=row.clinic.phone)
        return Provider(str(who), row.clinic.phone, who.email, why)


def _by(rows: Iterable[Any], key: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, key), []).append(row)
    return found


def _was_taken(medicine: Medication, day: date) -> bool:
    """Judge by its days; without them by what the chart says now."""
    if medicine.started_on is not None and medicine.started_on > day:
        return False
    if medicine.stopped_on is not None:
        return medicine.stopped_on > day
    return medicine.status == "active"


def _device(dose: Dose) -> Device:
    complete = dose.outcome == Dose.Outcome.COMPLETE
    what = "" if complete else dose.get_outcome_display().lower()
    return Device(dose.number, dose.given_at, dose.lot, dose.received_mg, what)


def _decision(check: PreDoseCheck) -> Decision:
    return Decision(check.decision_reason if check.decided_by_id else "", frozenset(check.covers))
