"""A mail as it would look for a patient now; nothing is written and nothing is sent."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.core.mail import EmailMultiAlternatives
from django.db.models import Case, F, When

from clinic.models import Clinic
from patients.models import PatientPolicy
from reminders import reconciling, rendering, rules, telltale
from reminders.kinds import STATUSES
from reminders.models import Message, MessagePolicy, MessageRule, MessageText
from reminders.reaching import reaches_of
from reminders.rendering import Voice
from reminders.rules import Facts
from reminders.sections import own_text
from reminders.words import LocalTime, code_of, words_in
from sessions.models import TreatmentSession
from sessions.models.session import TreatmentSessionQuerySet

MOST_VISITS = 50
EXAMPLE = "000000000000"  # stands for the public id of a consent
NOT_HERE = "This rule does not apply to this visit."


@dataclass(frozen=True, slots=True)
class Preview:
    mail: EmailMultiAlternatives
    html: str
    calendars: tuple[str, ...]
    when: str
    obstacle: str
    warning: str


def visits_for(rule: MessageRule, now: datetime) -> TreatmentSessionQuerySet:
    """Return visits that the rule could be about: the next ones first, then the latest."""
    rows = TreatmentSession.objects.filter(clinic=rule.clinic_id)
    if rule.kind in STATUSES:
        rows = rows.filter(status__in=STATUSES[rule.kind])
    if rule.protocol_key:
        rows = rows.filter(course__protocol__key=rule.protocol_key)
    coming = Case(When(starts_at__gte=now, then=F("starts_at")))
    order = coming.asc(nulls_last=True), F("starts_at").desc()
    keys = list(rows.order_by(*order).values_list("pk", flat=True)[:MOST_VISITS])
    chosen = TreatmentSession.objects.filter(pk__in=keys).order_by(*order)
    return chosen.select_related("patient", "clinic", "course__protocol")


def preview(rule: MessageRule, session: TreatmentSession, language: str, now: datetime) -> Preview:
    reach = reaches_of({session.patient_id}, now)[session.patient_id]
    reach = replace(reach, language=language or reach.language)
    due_on = (now + timedelta(days=rule.days or 0)).date()
    is_charted = not rule.is_for_visits
    message = Message(
        clinic=rule.clinic,
        patient=session.patient,
        treatment_session=None if is_charted else session,
        kind=rule.kind,
        rule=rule,
        about=f"consent:{EXAMPLE}:{due_on}" if is_charted else "",
        schedule_rev=session.schedule_rev,
    )
    facts = Facts(due_on=due_on) if is_charted else reconciling.facts_of(session)
    slot = rules.slot(rule.timing, facts, reach)
    voice = voice_of(rule.clinic)
    mail = rendering.mail([message], reach, now, voice=voice)
    html = str(mail.alternatives[0][0])
    calendars = tuple(part.get_payload(decode=True).decode() for part in mail.attachments)
    when = ""
    if slot is not None:
        at = LocalTime.of(slot.window.not_before, reach.zone, words_in("en"))
        when = f"{at.day}, {at.time} ({at.zone})"
    out_of_use = "" if rule.is_active else reconciling.OUT_OF_USE
    obstacle = reach.obstacle_to(rule.kind) or out_of_use or (slot.obstacle if slot else NOT_HERE)
    text = own_text(voice.texts, rule.kind, rule.pk, code_of(reach.language))
    own = (text.subject, text.body) if text is not None else ()
    warning = telltale.warning(*own, rule.clinic.sender_name, voice.policy.calendar_title)
    return Preview(mail, html, calendars, when, obstacle, warning)


def voice_of(clinic: Clinic) -> Voice:
    texts = MessageText.objects.filter(clinic=clinic, is_active=True)
    crisis_line = PatientPolicy.of(clinic.pk).crisis_line
    return Voice(clinic, MessagePolicy.of(clinic.pk), list(texts), crisis_line)
