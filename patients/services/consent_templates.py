"""Consent texts from draft to retired; a new version may end what was signed before it."""

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Max, Q

from clinic import audit, clock
from clinic.audit import acting
from clinic.models import User
from patients import shipped
from patients.models import Consent, ConsentTemplate
from patients.services import consent
from patients.services.register import locked

PUBLISH = "patients.publish_consenttemplate"
FIELDS = ("key", "kind", "title", "text", "statements", "asks_drawing", "valid_months")
MOST_STATEMENTS = 12
LONGEST_STATEMENT = 300


def load_shipped() -> list[str]:
    """Bring the shipped texts into the database; return the keys that gained a version."""
    with acting(audit.system("load_consents")):
        return [values["key"] for values in shipped.read_all() if _load(values)]


def _load(values: dict[str, Any]) -> bool:
    rows = ConsentTemplate.objects.filter(clinic=None, key=values["key"])
    newest = rows.order_by("-version").first()
    if newest is not None and all(getattr(newest, name) == values[name] for name in FIELDS):
        return False
    version = newest.version + 1 if newest else 1
    _publish(ConsentTemplate.objects.create(version=version, **values), by=None)
    return True


def new_draft(template: ConsentTemplate, *, by: User, clinic_id: int | None) -> ConsentTemplate:
    """Copy a text into a new draft version of the clinic, to edit and publish."""
    with acting(by):
        _check_may(by, clinic_id)
        draft = ConsentTemplate.objects.create(
            clinic_id=clinic_id,
            version=next_version(template.key, clinic_id),
            **{name: getattr(template, name) for name in FIELDS},
        )
        audit.record("consent_text.drafted", subject=draft, of=template.pk)
        return draft


def next_version(key: str, clinic_id: int | None) -> int:
    """Return the number after the highest of the key, shipped ones too: a copy is a new version."""
    versions = ConsentTemplate.objects.filter(Q(clinic_id=clinic_id) | Q(clinic=None), key=key)
    return (versions.aggregate(last=Max("version"))["last"] or 0) + 1


def publish(pk: int, *, by: User) -> ConsentTemplate:
    """Freeze a draft and offer it; end what was signed before it, where it says so."""
    with acting(by):
        template = ConsentTemplate.objects.select_for_update(of=("self",)).get(pk=pk)
        _check_may(by, template.clinic_id)
        if template.status != ConsentTemplate.Status.DRAFT:
            raise ValidationError("Only a draft can be published.", code="not_draft")
        _check(template)
        _publish(template, by=by)
        if template.earlier_end_on is not None:
            _end_earlier(template, template.earlier_end_on, by)
        return template


def retire(pk: int, *, by: User) -> None:
    """Offer the text no more; what was signed on it stays."""
    with acting(by):
        template = ConsentTemplate.objects.select_for_update().get(pk=pk)
        _check_may(by, template.clinic_id)
        if template.status != ConsentTemplate.Status.PUBLISHED:
            raise ValidationError("Only a published text can be retired.", code="not_published")
        template.status = ConsentTemplate.Status.RETIRED
        template.save(update_fields=["status"])
        audit.record("consent_text.retired", subject=template)


def _check_may(by: User, clinic_id: int | None) -> None:
    if clinic_id is None:
        raise ValidationError(
            "A text that ships with Taper stays as it is: make a new draft version of it.",
            code="shipped",
        )
    if not by.may(PUBLISH, clinic_id):
        raise PermissionDenied(PUBLISH)


def _check(template: ConsentTemplate) -> None:
    if len(template.ticks) > MOST_STATEMENTS:
        raise ValidationError(f"Ask for {MOST_STATEMENTS} ticks at most.", code="statements")
    if any(len(tick) > LONGEST_STATEMENT for tick in template.ticks):
        raise ValidationError(
            f"A statement has {LONGEST_STATEMENT} characters at most.", code="statements"
        )
    today = clock.now().astimezone(template.clinic.zone).date() if template.clinic else None
    if template.earlier_end_on and today and template.earlier_end_on < today:
        raise ValidationError(
            "The day on which earlier consents end has passed: choose a later one.", code="past"
        )


def _publish(template: ConsentTemplate, *, by: User | None) -> None:
    template.status = ConsentTemplate.Status.PUBLISHED
    template.published_at, template.published_by = clock.now(), by
    template.save(update_fields=["status", "published_at", "published_by"])
    audit.record("consent_text.published", subject=template)


def _end_earlier(template: ConsentTemplate, day: date, by: User) -> None:
    """Let what stands on an earlier version, or on paper, end on that day; patients by key."""
    rows = Consent.objects.standing().filter(clinic=template.clinic, kind=template.kind)
    rows = rows.filter(Q(template=None) | Q(template__key=template.key))
    later = rows.filter(Q(expires_on=None) | Q(expires_on__gt=day)).exclude(template=template)
    for patient_pk in later.order_by("patient_id").values_list("patient_id", flat=True):
        locked(patient_pk, by=by, permission=PUBLISH)
        for row in later.filter(patient_id=patient_pk).select_for_update(of=("self",)):
            consent.end_on(row, day)
