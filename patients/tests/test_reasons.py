import pytest
from django.core.exceptions import ValidationError

from patients.forms.fields import ReasonField


@pytest.mark.parametrize("typed", ["x", "xxx", "123", "n/a"])
def test_a_reason_without_words_is_refused_kindly(typed):
    with pytest.raises(ValidationError, match="Say it in words: three letters or more"):
        ReasonField(required=False).clean(typed)


def test_a_reason_that_is_not_asked_for_may_be_left_out():
    assert ReasonField(required=False).clean(" ") == ""
    assert ReasonField().clean(" Ill ") == "Ill"
