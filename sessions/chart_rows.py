"""What a dose rests on outside of the visit, as parts of a session's bundle."""

from django.db.models import OuterRef

from clinic.bundles import Many, One, all_fields, person
from clinic.models import OnSite, PrescriberEnrolment, PresencePolicy, RemsCertification
from patients import screen_rows
from patients.models import Consent, MedicineReview, RemsEnrolment
from sessions.models import DoseOrder


def parts() -> dict[str, Many]:
    of_patient, of_clinic = {"patient": OuterRef("patient")}, {"clinic": OuterRef("clinic")}
    order = DoseOrder.objects.filter(course=OuterRef("course"), superseded_at__isnull=True)
    consent = Consent.objects.of_kind(Consent.Kind.TREATMENT).standing()
    prescribers = PrescriberEnrolment.objects.filter(**of_clinic, ended_on__isnull=True)
    return {
        "order": One(order, *all_fields(DoseOrder)),
        "consent": One(consent.filter(**of_patient), *all_fields(Consent), "clinic__time_zone"),
        "reviews": Many(
            MedicineReview.objects.filter(**of_patient),
            *("about", "reason", "acknowledged_at"),
            *person("acknowledged_by"),
        ),
        "on_site": Many(
            OnSite.objects.open().filter(**of_clinic),
            *("public_id", "since", "confirmed_at"),
            *person("person"),
        ),
        "presence": One(
            PresencePolicy.objects.filter(**of_clinic), "required", "ask_again_minutes"
        ),
        "certification": One(
            RemsCertification.objects.filter(**of_clinic), "number", "certified_on", "expires_on"
        ),
        "rems_prescribers": Many(prescribers, "person", "enrolled_on", "ended_on"),
        "enrolment": One(
            RemsEnrolment.objects.standing().filter(**of_patient), "enrolled_on", "ended_on"
        ),
        **screen_rows.parts("patient", "clinic"),
    }
