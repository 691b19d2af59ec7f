"""Protocols between their two forms: rows that administrators edit, values for the planner."""

from django.db.models import QuerySet

from sessions.models import DoseOption, MonitoringCheck, MonitoringTemplate, Protocol, ProtocolPhase
from sessions.specs import DoseOption as DoseSpec
from sessions.specs import PhaseSpec, ProtocolSpec

WORDS = {
    field.name: str(field.verbose_name)
    for field in MonitoringTemplate._meta.concrete_fields
    if field.name not in {"id", "protocol", "sources"}
}
THRESHOLDS = list(WORDS)
CHECK_FIELDS = ["label", "anchor", "minute", "every_minutes", "source"]
DOSE_FIELDS = [
    "mg",
    "mg_per_kg",
    "minutes",
    "min_age",
    "max_age",
    "first_session_only",
    "not_first_session",
    "is_default",
    "step_mg",
    "caution",
    "source",
]
PHASE_FIELDS = [
    "name",
    "order",
    "per_week",
    "every_weeks",
    "count",
    "min_gap_days",
    "max_gap_days",
    "missed_rule",
    "requires_decision",
    "sources",
]
PROTOCOL_FIELDS = [
    "key",
    "title",
    "short_title",
    "indication",
    "jurisdiction",
    "route",
    "drug",
    "visit_minutes",
    "min_age",
    "max_age",
    "source",
    "sources",
]


def whole() -> QuerySet[Protocol]:
    """Return protocols with all their parts, for `spec_of`: four queries however many phases."""
    return Protocol.objects.select_related("monitoring").prefetch_related(
        "phases__doses", "monitoring__checks"
    )


def spec_of(protocol: Protocol) -> ProtocolSpec:
    return ProtocolSpec(
        **{name: getattr(protocol, name) for name in PROTOCOL_FIELDS if name != "sources"},
        sources=_sources(protocol),
        min_observation_minutes=protocol.monitoring.min_minutes_after_last_dose,
        phases=tuple(phase_spec(phase) for phase in protocol.phases.all()),
        monitoring={name: getattr(protocol.monitoring, name) for name in THRESHOLDS}
        | {"checks": list(protocol.monitoring.checks.values(*CHECK_FIELDS))},
    )


def _sources(protocol: Protocol) -> dict[str, str]:
    """Return where its numbers are from; of the monitoring its template says so."""
    others = {k: v for k, v in protocol.sources.items() if not k.startswith("monitoring.")}
    return others | {f"monitoring.{k}": v for k, v in protocol.monitoring.sources.items()}


def phase_spec(phase: ProtocolPhase) -> PhaseSpec:
    return PhaseSpec(
        **{name: getattr(phase, name) for name in PHASE_FIELDS},
        nominal_days=tuple(phase.nominal_days),
        rhythm_choices=tuple(phase.rhythm_choices),
        doses=tuple(
            DoseSpec(**{name: getattr(dose, name) for name in DOSE_FIELDS})
            for dose in phase.doses.all()
        ),
    )


def create(spec: ProtocolSpec, *, version: int, clinic_id: int | None = None) -> Protocol:
    """Write a draft with all its parts, inside `acting`."""
    protocol = Protocol.objects.create(
        clinic_id=clinic_id,
        version=version,
        **{name: getattr(spec, name) for name in PROTOCOL_FIELDS},
    )
    settings = {name: spec.monitoring[name] for name in THRESHOLDS if name in spec.monitoring}
    template = MonitoringTemplate.objects.create(
        protocol=protocol,
        sources={
            name.removeprefix("monitoring."): source
            for name, source in spec.sources.items()
            if name.startswith("monitoring.")
        },
        **settings,
    )
    MonitoringCheck.objects.bulk_create(
        MonitoringCheck(template=template, **check) for check in spec.monitoring["checks"]
    )
    for phase in spec.phases:
        row = ProtocolPhase.objects.create(
            protocol=protocol,
            nominal_days=list(phase.nominal_days),
            rhythm_choices=list(phase.rhythm_choices),
            **{name: getattr(phase, name) for name in PHASE_FIELDS if name != "sources"},
            sources=dict(phase.sources),
        )
        DoseOption.objects.bulk_create(
            DoseOption(phase=row, **{name: getattr(dose, name) for name in DOSE_FIELDS})
            for dose in phase.doses
        )
    return protocol
