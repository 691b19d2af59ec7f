"""Shipped protocols are loaded; a clinic drafts, publishes and retires its own."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Max, Q

from clinic import audit, clock
from clinic.audit import acting
from clinic.models import User
from sessions import chair_time, shipped
from sessions.models import MonitoringTemplate, Protocol
from sessions.protocols import (
    DOSE_FIELDS,
    PHASE_FIELDS,
    PROTOCOL_FIELDS,
    THRESHOLDS,
    WORDS,
    create,
    spec_of,
    whole,
)
from sessions.specs import PlanningError, ProtocolSpec, check_phases

PUBLISH = "treatment_sessions.publish_protocol"
CONFIRM = (
    "Read it on the draft's page, tick there that it is meant, and press “Save and publish”: "
    "the tick counts for that press alone."
)


def load_shipped() -> list[str]:
    """Bring the shipped protocols into the database; return the keys that gained a version.

    A shipped protocol that changed with a release becomes a new version; courses keep theirs.
    """
    with acting(audit.system("load_protocols")):
        return [spec.key for spec in shipped.read_all() if _load(spec)]


def _load(spec: ProtocolSpec) -> bool:
    newest = whole().filter(clinic__isnull=True, key=spec.key).order_by("-version").first()
    if newest is not None and _same(spec_of(newest), spec):
        return False
    protocol = create(spec, version=newest.version + 1 if newest else 1)
    _publish(protocol, by=None)
    return True


def _same(one: ProtocolSpec, other: ProtocolSpec) -> bool:
    return _comparable(one) == _comparable(other)


def _comparable(spec: ProtocolSpec) -> dict[str, Any]:
    """Leave out order and formatting that rows don't keep: defaults filled in, doses sorted."""
    untouched = MonitoringTemplate()
    defaults = {name: getattr(untouched, name) for name in THRESHOLDS}
    checks = [
        (c["label"], c["anchor"], c["minute"], c.get("every_minutes"))
        for c in spec.monitoring["checks"]
    ]
    return {
        **{name: getattr(spec, name) for name in PROTOCOL_FIELDS if name != "sources"},
        "settings": defaults | {k: v for k, v in spec.monitoring.items() if k in defaults},
        "checks": checks,
        "phases": [
            (
                *(getattr(phase, name) for name in PHASE_FIELDS if name != "sources"),
                phase.nominal_days,
                phase.rhythm_choices,
                sorted(repr([_plain(getattr(d, n)) for n in DOSE_FIELDS]) for d in phase.doses),
            )
            for phase in spec.phases
        ],
    }


def _plain(value: Any) -> Any:
    return str(value.normalize()) if isinstance(value, Decimal) else value


def new_draft(protocol: Protocol, *, by: User, clinic_id: int | None) -> Protocol:
    """Copy a protocol into a new draft version of the clinic, to edit and publish."""
    spec = spec_of(whole().get(pk=protocol.pk))
    with acting(by):
        _check_may(by, clinic_id)
        draft = create(spec, version=next_version(protocol.key, clinic_id), clinic_id=clinic_id)
        audit.record("protocol.drafted", subject=draft, of=protocol.pk)
        return draft


def next_version(key: str, clinic_id: int | None) -> int:
    at_clinic = Q(clinic_id=clinic_id)  # None: shipped with Taper
    versions = Protocol.objects.filter(at_clinic, key=key)
    return (versions.aggregate(last=Max("version"))["last"] or 0) + 1


def _check_may(by: User, clinic_id: int | None) -> None:
    if clinic_id is None:
        raise ValidationError(
            "A protocol that ships with Taper stays as it is: make a new draft version of it.",
            code="shipped",
        )
    if not by.may(PUBLISH, clinic_id):
        raise PermissionDenied(PUBLISH)


def publish(pk: int, *, by: User, accepted: str = "") -> Protocol:
    """Freeze a draft and offer it to new courses; refuse what can't be planned.

    Where its monitoring differs from what ships, `accepted` is what `differences` said of it to the
    person who publishes it: what was changed since then is refused until it was read too.
    """
    with acting(by):
        protocol = whole().select_for_update(of=("self",)).get(pk=pk)
        _check_may(by, protocol.clinic_id)
        if protocol.status != Protocol.Status.DRAFT:
            raise ValidationError("Only a draft can be published.", code="not_draft")
        _check(protocol)
        found = _differences(protocol)
        if found and accepted != found:
            raise ValidationError(f"{found} {CONFIRM}", code="differs")
        return _publish(protocol, by=by)


def differences(pk: int) -> str:
    """Say in one sentence how its monitoring differs from what ships under its key, if it does."""
    protocol = whole().get(pk=pk)
    return _differences(protocol) if hasattr(protocol, "monitoring") else ""


def _differences(protocol: Protocol) -> str:
    ships = whole().filter(clinic=None, key=protocol.key, status=Protocol.Status.PUBLISHED)
    newest = ships.order_by("-version").first()
    if newest is None:
        return ""
    own, theirs = protocol.monitoring, newest.monitoring
    changed = [
        f"{WORDS[name]}: {_yes_no(getattr(own, name))} (ships {_yes_no(getattr(theirs, name))})"
        for name in THRESHOLDS
        if getattr(own, name) != getattr(theirs, name)
    ]
    kept = {(check.anchor, check.minute, check.every_minutes) for check in own.checks.all()}
    changed += [
        f"no check “{check.label}”"
        for check in theirs.checks.all()
        if (check.anchor, check.minute, check.every_minutes) not in kept
    ]
    return f"Differs from what ships: {'; '.join(changed)}." if changed else ""


def _yes_no(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "off" if value is None else str(value)


def _check(protocol: Protocol) -> None:
    if not hasattr(protocol, "monitoring"):
        raise ValidationError("The protocol has no monitoring template.", code="no_monitoring")
    if not protocol.monitoring.checks.exists():
        raise ValidationError("The monitoring template has no check.", code="no_checks")
    for phase in protocol.phases.all():
        if not phase.doses.all():
            raise ValidationError(f"Phase “{phase.name}” offers no dose.", code="no_dose")
    spec = spec_of(protocol)
    try:
        check_phases(spec.phases)
    except PlanningError as error:
        raise ValidationError(error.message, code=error.code) from error
    short = chair_time.too_short(spec)
    if short:
        raise ValidationError({"visit_minutes": short}, code="visit_too_short")


def visit_too_short(pk: int) -> str:
    """Say what stands against the visit's length before this version may be published."""
    protocol = whole().get(pk=pk)
    return chair_time.too_short(spec_of(protocol)) if hasattr(protocol, "monitoring") else ""


def _publish(protocol: Protocol, *, by: User | None) -> Protocol:
    protocol.status = Protocol.Status.PUBLISHED
    protocol.published_at = clock.now()
    protocol.published_by = by
    protocol.save(update_fields=["status", "published_at", "published_by"])
    audit.record("protocol.published", subject=protocol)
    return protocol


def retire(pk: int, *, by: User) -> None:
    """Offer the version to no new course; running ones keep it."""
    with acting(by):
        protocol = Protocol.objects.select_for_update().get(pk=pk)
        _check_may(by, protocol.clinic_id)
        if protocol.status != Protocol.Status.PUBLISHED:
            raise ValidationError("Only a published protocol can be retired.", code="not_published")
        protocol.status = Protocol.Status.RETIRED
        protocol.save(update_fields=["status"])
        audit.record("protocol.retired", subject=protocol)
