"""The rows behind a chart, read in one statement; each section bounded."""

from functools import cache
from typing import Any

from django.db.models import (
    Case,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
    Window,
)
from django.db.models.functions import Now, RowNumber

from clinic.bundles import Bundle, Many, One, all_fields, person
from clinic.statements import Among
from desk import said
from outcomes.models import Assessment, OutcomesPolicy
from patients import screen_rows
from patients.models import (
    Allergy,
    BodyMeasure,
    Condition,
    Consent,
    EmailContact,
    Identifier,
    MailHold,
    Medication,
    MedicineReview,
    Patient,
    RemsEnrolment,
    SafetyScreen,
    ScreenFinding,
    Task,
)
from reminders.models import Message
from sessions.models import DoseOrder, TreatmentCourse, TreatmentSession

SHOWN = 8  # rows of a section; the others on demand
AT_MOST = 500
ON_RIBBON = 60
NEXT = 4  # messages that are ahead, shown before what is past
State = Message.State
MESSAGE = ("rule__name", "treatment_session__number", *person("asked_by"), *person("settled_by"))
EMAIL = ("address", "verified_at", "time_zone")


@cache
def bundle(longest: str, *, clinical: bool) -> Bundle:
    """Return the statement of a chart with one section in full, for those who may read values."""
    parts = _around() | _for_the_desk(longest)
    if clinical:
        parts |= _clinical(longest)
    else:
        mine = Q(Among(F("role"), array="%(roles)s")) | Q(kind=Task.Kind.CRISIS)
        parts["tasks"] = _tasks(longest, mine)
    return Bundle(Patient, parts)


def _limit(name: str, longest: str) -> int:
    return 1 + (AT_MOST if name == longest else SHOWN)


def _part(rows: QuerySet[Any], limit: int, *more: str) -> Many:
    of_patient = rows.filter(patient=OuterRef("pk"))
    return Many(of_patient[:limit], *all_fields(rows.model, "patient"), *more)


def _tasks(longest: str, whose: Q | None = None) -> Many:
    rows = Task.objects.open().filter(whose or Q()).urgent_first()
    return _part(rows, _limit("tasks", longest), *person("taken_by"))


def _around() -> dict[str, Many]:
    """Return single rows, and the course with its sessions."""
    orders = DoseOrder.objects.filter(superseded_at__isnull=True)
    order = ("course", "drug", "dose_mg", "infusion_minutes", "valid_until", "prescriber__username")
    sessions = TreatmentSession.objects.filter(course=Subquery(_running_or_latest()))
    return {
        "email_contact": One(EmailContact.objects.filter(patient=OuterRef("pk")), *EMAIL),
        "mail_hold": One(
            MailHold.objects.filter(patient=OuterRef("pk"), lifted_at__isnull=True),
            *("public_id", "reason", "since"),
        ),
        **said.of_patient(),
        "numbers": Many(
            Identifier.objects.filter(patient=OuterRef("pk"))[:SHOWN], "type", "system", "value"
        ),
        "courses": Many(
            TreatmentCourse.objects.filter(patient=OuterRef("pk"))[:SHOWN],
            *all_fields(TreatmentCourse, "patient"),
            "protocol__title",
            "protocol__short_title",
            "protocol__jurisdiction",
            "protocol__drug",
            "protocol__route",
        ),
        "enrolments": Many(
            RemsEnrolment.objects.filter(patient=OuterRef("pk"))[:SHOWN],
            *all_fields(RemsEnrolment, "patient", "clinic"),
            *person("prescriber"),
        ),
        "orders": Many(orders.filter(patient=OuterRef("pk")), *order),
        "sessions": Many(
            sessions.order_by("-number")[:ON_RIBBON],
            *("public_id", "number", "number_in_phase", "starts_at", "nominal_on", "status"),
            "phase__name",
            "phase__count",
            "phase__order",
            *("discharge__override_reason", "discharge__outside_gate"),
        ),
    }


def _running_or_latest() -> QuerySet[Any, Any]:
    ended = Case(When(status=TreatmentCourse.Status.ACTIVE, then=0), default=1)
    courses = TreatmentCourse.objects.filter(patient=OuterRef(OuterRef("pk")))
    return courses.order_by(ended, "-starts_on", "-pk").values("pk")[:1]


def _for_the_desk(longest: str) -> dict[str, Many]:
    # Those not withdrawn come first, so that a long history never hides one that stands.
    consents = Consent.objects.order_by(F("withdrawn_at").desc(nulls_first=True), "-given_at")
    return {
        "consents": _part(
            consents,
            _limit("consents", longest),
            *person("withdrawn_by"),
            *("template__title", "template__version"),
        ),
        "messages": _part(
            _messages(is_whole=longest == "messages"), _limit("messages", longest), *MESSAGE
        ),
    }


def _messages(*, is_whole: bool) -> QuerySet[Message]:
    """Return what waits for a person, what is next, then the latest, last what is further ahead.

    In the whole list all that is ahead comes before what is past. What is left of visits that were
    moved or called off is news to nobody.
    """
    waits = Q(state__in=[State.FAILED, State.HELD])
    is_later = Q(not_before__gt=Now())
    going = Q(state__in=[State.PLANNED, State.SENDING])
    ahead = going | Q(is_later, state=State.SUPPRESSED)
    side = Case(When(ahead, then=1), default=0)
    rank = Window(RowNumber(), partition_by=side, order_by="not_before")
    is_next = ahead if is_whole else ahead & Q(rank__lte=NEXT)
    further = ahead | is_later
    place = Case(When(waits, then=0), When(is_next, then=1), When(further, then=3), default=2)
    from_now = Case(When(further, then=F("not_before") - Now()), default=Now() - F("not_before"))
    return Message.objects.annotate(rank=rank).order_by(place, from_now, "pk")


def _clinical(longest: str) -> dict[str, Many]:
    """Return what the front desk doesn't see; all allergies, since the banner names them."""
    medicines = Medication.objects.order_by("status", "-started_on", "pk")
    conditions = Condition.objects.order_by("clinical_status", "-onset_on", "pk")
    screen = SafetyScreen.objects.filter(patient=OuterRef("pk"))
    newest = SafetyScreen.objects.filter(patient=OuterRef(OuterRef("pk"))).values("pk")[:1]
    by = person("error_by")
    return {
        **said.of_follow_ups(),
        "medicines": _part(medicines, _limit("medicines", longest), *by),
        "taken": Many(
            Medication.objects.active().filter(patient=OuterRef("pk"))[: AT_MOST + 1],
            *("text", "status", "stopped_on", "entered_in_error"),
        ),
        "reviews": Many(
            MedicineReview.objects.filter(patient=OuterRef("pk")),
            *("about", "reason", "acknowledged_at"),
            *person("acknowledged_by"),
        ),
        "conditions": _part(conditions, _limit("conditions", longest), *by),
        "allergies": _part(Allergy.objects.all(), AT_MOST + 1, *by),
        "measures": _part(BodyMeasure.objects.all(), _limit("measures", longest), *by),
        "tasks": _tasks(longest),
        "assessments": _part(Assessment.objects.standing(), AT_MOST),
        "outcomes_policy": One(
            OutcomesPolicy.objects.filter(clinic=OuterRef("clinic_id")),
            *all_fields(OutcomesPolicy, "clinic"),
        ),
        **screen_rows.parts("pk", "clinic"),
        "screen": One(screen, "findings", *screen_rows.SCREEN, *person("screened_by")),
        "screen_answers": Many(
            ScreenFinding.objects.filter(screen=Subquery(newest)).exclude(
                answer=ScreenFinding.Answer.ABSENT, justification=""
            ),
            *("title", "level", "answer", "evidence", "justification"),
        ),
    }
