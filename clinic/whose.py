"""The wrong-patient guard: a form says for whom it was opened, a page whom it shows.

Both are a keyed digest of the patient's key, which says nothing to who reads it and costs no query.
"""

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

FIELD, HEADER = "whose", "X-Page-Whose"
LENGTH = 20
OTHER = (
    "This form was not opened for the patient whom this page shows. Nothing was saved: check name "
    "and birth date, then save again."
)


def whose(patient_pk: int) -> str:
    return salted_hmac("taper.whose", str(patient_pk)).hexdigest()[:LENGTH]


def check(request: HttpRequest, patient_pk: int) -> None:
    """Raise ValidationError unless form and page name this patient; a page without script says
    it by its form alone."""
    wanted = whose(patient_pk)
    sent = request.POST.get(FIELD, "")
    page = request.headers.get(HEADER) or wanted
    if not (constant_time_compare(sent, wanted) and constant_time_compare(page, wanted)):
        raise ValidationError(OTHER, code="other_patient")
