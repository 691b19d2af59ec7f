"""Signatures say which fields are in their hash, so that a later release can add fields."""

from django.db import migrations, models

# What the rows had when the signatures so far were made.
SIGNED_SO_FAR = {
    "session": (
        "arrived_at chair clinic course ended_at ending_reason ends_at id nominal_on "
        "number number_in_phase outside_gate patient phase starts_at status trace week "
        "window_from window_to"
    ),
    "doses": (
        "concentration_mg_ml dose_mg drug entered_in_error estimated_mg expires_on "
        "given_at given_by id lot number order outcome outside_gate reason recorded_at "
        "route serial supersedes treatment_session"
    ),
    "infusion": (
        "at by dose given_ml id kind rate_ml_h reason recorded_at supersedes "
        "treatment_session"
    ),
    "steps": "at by from_status id outside_gate reason recorded_at to_status treatment_session",
    "stays": "by chair id place reason since treatment_session",
    "monitoring:predose_checks": (
        "completed_at completed_by decided_by decision_reason fit_today id "
        "identity_confirmed new_medicines new_medicines_text no_fluids_30min no_food_2h "
        "no_nasal_products_1h note rows substance_use_today transport_arranged "
        "treatment_session"
    ),
    "monitoring:vital_signs": (
        "diastolic dissociation entered_in_error id late_reason not_obtained note "
        "observed_at oxygen_l_min pulse reason recorded_at recorded_by respiratory_rate "
        "rows sedation spo2 supersedes systolic temperature treatment_session"
    ),
    "monitoring:missed_checks": "at by entered_in_error id label reason rows supersedes treatment_session",
    "monitoring:adverse_events": (
        "action entered_in_error id onset_at reason recorded_at recorded_by rows serious "
        "severity supersedes term treatment_session"
    ),
    "monitoring:adverse_event_resolutions": "by event id recorded_at resolution resolved_at rows treatment_session",
    "monitoring:escorts": "id kind name phone recorded_at recorded_by rows treatment_session",
    "monitoring:discharge_assessments": (
        "assessed_at assessed_by by_prescriber decisions id note ready rows "
        "treatment_session"
    ),
    "monitoring": (
        "gate id left_at outside_gate override_reason recorded_at released_by "
        "second_person treatment_session"
    ),
}


class Migration(migrations.Migration):
    dependencies = [("treatment_sessions", "0002_infusion_steps_are_corrected")]

    operations = [
        migrations.AddField(
            model_name="signature",
            name="fields",
            field=models.JSONField(
                default={kind: names.split() for kind, names in SIGNED_SO_FAR.items()},
                help_text="Kind of row to the fields that are in the hash.",
            ),
            preserve_default=False,
        ),
    ]
