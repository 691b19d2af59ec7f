"""Consents."""

from collections.abc import Iterable
from typing import Any

from django import forms

from clinic.forms import CalendarDateField, ClinicalForm, LocalDateTimeField
from patients.forms.fields import LineField, ReasonField
from patients.models import Consent, ConsentTemplate
from patients.services.consent import Agreement

OTHER = Consent.Kind.OTHER


class ConsentForm(ClinicalForm):
    given_at = LocalDateTimeField(label="Given at")
    expires_on = CalendarDateField(
        label="Valid until", required=False, help_text="Empty: until it is withdrawn."
    )
    note = LineField(
        max_length=240, required=False, help_text="Such as where the signed paper is kept."
    )

    def __init__(
        self, *args: Any, kinds: list[str], texts: Iterable[ConsentTemplate] = (), **kwargs: Any
    ) -> None:
        """Another kind of consent is one to a text: each of those is a choice of its own."""
        super().__init__(*args, **kwargs)
        self.texts = {f"text-{text.pk}": text for text in texts if text.kind in kinds}
        offered = [each for each in Consent.Kind.choices if each[0] in kinds and each[0] != OTHER]
        others = [(value, text.title) for value, text in self.texts.items() if text.kind == OTHER]
        self.fields["kind"] = forms.ChoiceField(label="Consent to", choices=[*offered, *others])

        self.order_fields(["kind"])

    @property
    def agreement(self) -> Agreement:
        values = self.values
        text = self.texts.get(values["kind"])
        return Agreement(**values | ({"kind": OTHER, "template": text} if text else {}))


class WithdrawForm(ClinicalForm):
    withdrawn_at = LocalDateTimeField(label="Withdrawn at")
    note = LineField(
        max_length=240, required=False, help_text="What the patient said, if it matters."
    )


class LiftForm(ClinicalForm):
    note = ReasonField(
        label="Why mail may go again",
        max_length=240,
        error_messages={"required": "Say why mail may go again."},
    )
