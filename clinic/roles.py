"""The five roles as data: who may do what. A permission that is not listed is refused."""

from collections.abc import Iterable
from functools import cache

from django.db import models


class Role(models.TextChoices):
    FRONT_DESK = "front_desk", "Front desk"
    NURSE = "nurse", "Nurse"
    PRESCRIBER = "prescriber", "Prescriber"
    ADMINISTRATOR = "administrator", "Administrator"
    AUDITOR = "auditor", "Auditor"


READ = frozenset(
    {
        "desk.view_board",
        "patients.view_patient",
        "reminders.view_message",
        "treatment_sessions.view_treatmentcourse",
        "treatment_sessions.view_treatmentsession",
    }
)
READ_CLINICAL = frozenset({"patients.view_chart", "monitoring.view_vitalsigns"})
LEDGER = frozenset(
    {
        "reminders.retry_message",
        "reminders.resend_message",
        "reminders.dismiss_message",
        "reminders.release_message",
        "reminders.revoke_links",
    }
)
FRONT_DESK = (
    READ
    | LEDGER
    | {
        "patients.add_patient",
        "patients.change_patient",
        "patients.import_patient",
        "patients.record_email_consent",
        "patients.close_task",
        "treatment_sessions.check_in",
        "treatment_sessions.move_session",
        "treatment_sessions.cancel_session",
        "treatment_sessions.book_course",
        "monitoring.record_escort",
        "monitoring.run_emergency",
    }
)
NURSE = (
    READ
    | READ_CLINICAL
    | LEDGER
    | {
        "patients.add_patient",
        "patients.change_patient",
        "patients.change_chart",
        "patients.record_email_consent",
        "patients.record_consent",
        "patients.close_task",
        "treatment_sessions.check_in",
        "treatment_sessions.move_session",
        "treatment_sessions.cancel_session",
        "treatment_sessions.run_session",
        "treatment_sessions.give_dose",
        "treatment_sessions.check_dose",
        "treatment_sessions.witness_waste",
        "monitoring.record_vitals",
        "monitoring.record_predose",
        "monitoring.record_escort",
        "monitoring.assess_discharge",
        "monitoring.witness_override",
        "monitoring.file_rems_form",
        "patients.record_enrolment",
        "clinic.end_stay_on_site",
        "monitoring.run_emergency",
        "outcomes.record_assessment",
    }
)
PRESCRIBER = NURSE | {
    "patients.import_patient",
    "patients.screen_patient",
    "patients.acknowledge_interaction",
    "treatment_sessions.book_course",
    "treatment_sessions.order_dose",
    "treatment_sessions.override_gate",
    "treatment_sessions.sign_session",
    "treatment_sessions.stop_course",
    "clinic.be_on_site",
}
CONFIGURED = (
    "clinic.clinic",
    "clinic.room",
    "clinic.chair",
    "clinic.openinghours",
    "clinic.closure",
    "clinic.membership",
    "clinic.user",
    "monitoring.dischargepolicy",
    "patients.consenttemplate",
    "patients.patientpolicy",
    "clinic.presencepolicy",
    "clinic.remscertification",
    "clinic.prescriberenrolment",
    "monitoring.remspolicy",
    "outcomes.outcomespolicy",
    "patients.screenpolicy",
    "treatment_sessions.protocol",
    "treatment_sessions.protocolphase",
    "treatment_sessions.doseoption",
    "treatment_sessions.monitoringtemplate",
    "treatment_sessions.monitoringcheck",
    "treatment_sessions.dosingpolicy",
    "monitoring.emergencypolicy",
    "monitoring.predosepolicy",
    "reminders.messagerule",
    "reminders.messagetext",
    "reminders.messagepolicy",
)
VIEWED_IN_ADMIN = (
    "patients.patient",
    "patients.task",
    "treatment_sessions.treatmentcourse",
    "treatment_sessions.treatmentsession",
    "reminders.message",
    "clinic.auditevent",
)


def _codenames(actions: Iterable[str], models_: Iterable[str]) -> frozenset[str]:
    return frozenset(
        f"{app}.{action}_{model}"
        for app, _, model in (name.partition(".") for name in models_)
        for action in actions
    )


ADMINISTRATOR = (
    READ
    | _codenames(("view", "add", "change"), CONFIGURED)
    | _codenames(("delete",), ("clinic.openinghours", "clinic.closure"))
    | _codenames(
        ("delete",),
        (
            "treatment_sessions.protocolphase",
            "treatment_sessions.doseoption",
            "treatment_sessions.monitoringcheck",
        ),
    )
    | _codenames(("view",), VIEWED_IN_ADMIN)
    | {"treatment_sessions.cancel_session", "treatment_sessions.publish_protocol"}
    | {"patients.publish_consenttemplate"}
    | {"reminders.retry_message", "reminders.release_message"}
)
AUDITOR = READ | READ_CLINICAL | {"clinic.view_auditevent"}

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.FRONT_DESK: frozenset(FRONT_DESK),
    Role.NURSE: frozenset(NURSE),
    Role.PRESCRIBER: frozenset(PRESCRIBER),
    Role.ADMINISTRATOR: frozenset(ADMINISTRATOR),
    Role.AUDITOR: frozenset(AUDITOR),
}


@cache
def permissions_of(roles: frozenset[Role]) -> frozenset[str]:
    return frozenset().union(*(PERMISSIONS[role] for role in roles))
