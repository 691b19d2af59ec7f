"""The tables that courses and their visits are copied into, with what all rows of one share."""

from datetime import datetime, time, timedelta

from desk.load.tables import Table
from monitoring.models import VitalSigns
from reminders.models import Message
from sessions.models import (
    Dose,
    DoseOrder,
    Protocol,
    Signature,
    StatusChange,
    TreatmentCourse,
    TreatmentSession,
)

LONG_AGO = timedelta(days=365)
STARTS = (time(7), time(10), time(13), time(16))


class Tables:
    def __init__(self, protocol: Protocol, by: int, now: datetime) -> None:
        drug = {"drug": protocol.drug, "route": protocol.route}
        horizon = now.date() + timedelta(days=84)
        self.courses = Table(
            TreatmentCourse,
            "id public_id patient_id clinic_id starts_on status",
            now=now,
            protocol_id=protocol.pk,
            weekdays="{0,3}",
            time_of_day=STARTS[1],
            planned_until=horizon,
            created_by_id=by,
        )
        self.orders = Table(
            DoseOrder,
            "id public_id course_id patient_id clinic_id valid_from",
            now=now,
            **drug,
            dose_mg=56,
            prescriber_id=by,
            ordered_at=now,
        )
        self.sessions = Table(
            TreatmentSession,
            "id public_id course_id patient_id clinic_id number number_in_phase week nominal_on"
            " window_from window_to chair_id starts_at ends_at status arrived_at ended_at",
            now=now,
            scheduled_at=now - LONG_AGO,
            phase_id=protocol.phases.get(order=1).pk,
        )
        self.changes = Table(
            StatusChange,
            "treatment_session_id from_status to_status at recorded_at",
            now=now,
            by_id=by,
        )
        self.doses = Table(
            Dose,
            "public_id treatment_session_id order_id number given_at recorded_at",
            now=now,
            **drug,
            dose_mg=28,
            lot="L2601",
            given_by_id=by,
        )
        self.vitals = Table(
            VitalSigns,
            "public_id treatment_session_id observed_at recorded_at systolic diastolic pulse spo2",
            now=now,
            respiratory_rate=15,
            sedation=5,
            dissociation=0,
            recorded_by_id=by,
        )
        self.signatures = Table(
            Signature,
            "treatment_session_id signed_at",
            now=now,
            signed_by_id=by,
            meaning="Seeded",
            content_hash="0" * 64,
            fields={},
        )
        self.messages = Table(
            Message,
            "public_id message_id clinic_id patient_id treatment_session_id not_before expires_at"
            " sent_at sent_to dedupe_key",
            now=now,
            kind="reminder",
            schedule_rev=1,
            state="sent",
            attempts=1,
        )

    @property
    def tables(self) -> list[Table]:
        return [
            self.courses,
            self.orders,
            self.sessions,
            self.changes,
            self.doses,
            self.vitals,
            self.signatures,
            self.messages,
        ]
