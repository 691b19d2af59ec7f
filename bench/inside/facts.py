"""Look up what there is to ask for."""

import json
from dataclasses import asdict

from django.db.models import Count
from django.db.models.functions import Left, Lower

from bench.facts import Facts
from clinic.models import User
from clinic.whose import whose
from patients.models import Patient
from sessions.models import TreatmentSession

LIVE = 40
PART = 4  # letters of a name


def gather() -> Facts:
    clinic = User.objects.get(username="load").clinics[0]
    live = TreatmentSession.objects.filter(clinic=clinic, status="monitoring").order_by("pk")[:LIVE]
    ids = list(live.values_list("public_id", "patient__public_id", "patient_id"))
    patients = Patient.objects.filter(clinic=clinic).order_by("family_name", "given_name", "pk")
    halfway = patients[patients.count() // 2]
    common = commonest_part()
    return Facts(
        sessions=[str(session) for session, _, _ in ids],
        patients=[str(patient) for _, patient, _ in ids],
        whose=[whose(key) for _, _, key in ids],
        terms={
            "common": common,
            "rare": f"{halfway.given_name} {halfway.family_name}",
            "none": "zzqxjv",
            "2 letters": common[:2],
        },
        middle_page=f"/patients/?after={halfway.public_id}",
    )


def commonest_part() -> str:
    part = Patient.objects.annotate(part=Lower(Left("family_name", PART))).values("part")
    return next(
        row["part"]
        for row in part.annotate(n=Count("pk")).order_by("-n")
        if len(row["part"]) == PART
    )


def main() -> None:
    print(json.dumps(asdict(gather())))
