from uuid import uuid4

from monitoring.forms.leaving import OverrideForm


def test_a_submission_is_identified_without_the_second_password() -> None:
    typed = {"entry_id": str(uuid4()), "reason": "Strike", "second_username": "p"}
    forms = [OverrideForm({**typed, "second_password": word}) for word in ("one", "two")]
    assert all(form.is_valid() for form in forms)
    first, second = (form.submission("override", 1) for form in forms)
    assert first == second


def test_an_override_wants_reason_name_and_password() -> None:
    form = OverrideForm({"entry_id": str(uuid4())})
    assert set(form.errors) == {"reason", "second_username", "second_password"}
