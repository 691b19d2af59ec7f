from django.urls import path

from patients.views import (
    chart,
    consent,
    consent_signing,
    contact,
    enrolment,
    imports,
    medicines,
    register,
    screening,
)

app_name = "patients"
urlpatterns = [
    path("new/", register.add, name="add"),
    path("import/", imports.upload, name="import"),
    path("import/<uuid:public_id>/", imports.confirm, name="import_confirm"),
    path("import/<uuid:public_id>/discard/", imports.discard, name="import_discard"),
    path("<uuid:public_id>/edit/", register.edit, name="edit"),
    path("<uuid:public_id>/email/", contact.email, name="email"),
    path("<uuid:public_id>/consent/", consent.give, name="consent"),
    path("<uuid:public_id>/consent/sign/", consent_signing.choose, name="choose_consent"),
    path(
        "<uuid:public_id>/consent/sign/<uuid:text_id>/", consent_signing.sign, name="sign_consent"
    ),
    path(
        "<uuid:public_id>/consent/sign/<uuid:text_id>/hand-over/",
        consent_signing.hand_over,
        name="hand_over_consent",
    ),
    path("consents/<uuid:public_id>/", consent_signing.copy, name="consent_copy"),
    path("consents/<uuid:public_id>/withdraw/", consent.withdraw, name="withdraw_consent"),
    path("<uuid:public_id>/rems/", enrolment.enrol, name="enrol"),
    path("rems/<uuid:public_id>/end/", enrolment.end, name="end_enrolment"),
    path("mail-holds/<uuid:public_id>/lift/", consent.lift_hold, name="lift_hold"),
    path("<uuid:public_id>/screen/", screening.screen, name="screen"),
    path("<uuid:public_id>/medicines/", medicines.review, name="medicines"),
    path("<uuid:public_id>/medicines/new/", chart.add_medication, name="add_medication"),
    path("medicines/<uuid:public_id>/stop/", chart.stop_medication, name="stop_medication"),
    path("<uuid:public_id>/conditions/new/", chart.add_condition, name="add_condition"),
    path("conditions/<uuid:public_id>/resolve/", chart.resolve_condition, name="resolve_condition"),
    path("<uuid:public_id>/allergies/new/", chart.add_allergy, name="add_allergy"),
    path("<uuid:public_id>/allergies/none/", chart.no_allergies, name="no_allergies"),
    path("<uuid:public_id>/measures/new/", chart.add_measure, name="add_measure"),
    path(
        "<str:section>/<uuid:public_id>/entered-in-error/",
        chart.entered_in_error,
        name="entered_in_error",
    ),
]
