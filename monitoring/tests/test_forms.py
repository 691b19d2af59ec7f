from uuid import uuid4

from monitoring.forms.leaving import OverrideForm


def test_a_submission_is_identified_without_what_the_second_person_signs_in_with() -> None:
    typed = {"entry_id": str(uuid4()), "reason": "Strike", "second_username": "p"}
    secrets = [{"second_password": word, "second_code": word} for word in ("one", "two")]
    forms = [OverrideForm({**typed, **secret}) for secret in secrets]
    assert all(form.is_valid() for form in forms)
    first, second = (form.submission("override", 1) for form in forms)
    assert first == second


def test_an_override_wants_reason_name_and_password() -> None:
    form = OverrideForm({"entry_id": str(uuid4())})
    assert set(form.errors) == {"reason", "second_username", "second_password"}
