"""Forms of the admin for rules and words."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from reminders import words
from reminders.kinds import Kind
from reminders.models import MessageRule, MessageText
from reminders.models.text import LANGUAGES
from reminders.sense import amiss
from sessions.models import TreatmentSession

TIMES = ("how", "hours", "days", "at", "useful_hours")
CHANGED_MEANWHILE = (
    "Someone else changed this rule while the page was open. Reload the page to see it, "
    "then make your change again."
)


class RuleForm(forms.ModelForm):
    """A rule; `protocols` are the keys that may be chosen, with titles, set by the admin."""

    protocols: tuple[tuple[str, str], ...] = ()
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = MessageRule
        fields = ("clinic", "name", "kind", "protocol_key", "is_active", *TIMES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "protocol_key" in self.fields:
            model_field = MessageRule._meta.get_field("protocol_key")
            choices = [("", "All protocols"), *self.protocols]
            chosen = self.instance.protocol_key
            if chosen and chosen not in dict(choices):
                choices.append((chosen, f"{chosen} (no longer published)"))
            self.fields["protocol_key"] = forms.ChoiceField(
                label="Protocol",
                choices=choices,
                required=False,
                help_text=model_field.help_text,
            )
        self.initial["seen"] = self.instance.seen if self.instance.pk else ""

    def clean(self) -> dict[str, Any]:
        """Refuse what was based on another state of the rule; it stays locked until it is saved."""
        values = super().clean() or {}
        rows = MessageRule.objects.select_for_update()
        stands = rows.filter(pk=self.instance.pk).first() if self.instance.pk else None
        if stands is not None and stands.seen != values.get("seen"):
            raise ValidationError(CHANGED_MEANWHILE, code="stale")
        kind = values.get("kind") or self.instance.kind
        for name, refusal in amiss(kind, values).items():
            if name not in self.errors:
                self.add_error(name, refusal)
        return values


class TextForm(forms.ModelForm):
    """A clinic's own words; names in braces that a mail can't fill are refused."""

    class Meta:
        model = MessageText
        fields = ("clinic", "kind", "rule", "language", "subject", "body", "is_active")
        widgets = {"body": forms.Textarea(attrs={"rows": 10, "cols": 80})}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        rule = values.get("rule") or self.instance.rule
        kind = values.get("kind") or self.instance.kind or (rule.kind if rule else "")
        if rule is not None and kind != rule.kind:
            self.add_error("rule", f"This rule is for “{rule.get_kind_display()}”.")
        for name in ("subject", "body"):
            text = values.get(name) or ""
            strange, lone = words.strangers(text, kind), words.lone_braces(text)
            if lone:
                self.add_error(name, _unpaired(lone))
            if kind and strange:
                self.add_error(name, _refusal(strange, Kind(kind)))
        return values


def _refusal(strange: list[str], kind: Kind) -> ValidationError:
    named = ", ".join(f"{{{name}}}" for name in strange)
    known = ", ".join(name for name, _ in words.names_for([kind]))
    return ValidationError(f"{named} can't be filled in here. This message knows: {known}.")


def _unpaired(lone: list[str]) -> ValidationError:
    named = "”, “".join(lone)
    return ValidationError(f"Without its other brace: “{named}”. A name stands in two: {{name}}.")


class PreviewForm(forms.Form):
    """Whose visit the preview is about; addresses name it by its public id only."""

    visit = forms.ModelChoiceField(
        TreatmentSession.objects.none(), to_field_name="public_id", empty_label="Choose a visit"
    )
    language = forms.ChoiceField(
        choices=[("", "The patient's language"), *LANGUAGES], required=False
    )

    def __init__(self, *args: Any, visits: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["visit"]
        field.queryset = visits
        field.label_from_instance = _say


def _say(session: TreatmentSession) -> str:
    local = session.starts_at.astimezone(session.clinic.zone)
    return (
        f"{session.patient.record_number}, {local:%Y-%m-%d %H:%M} ({session.get_status_display()})"
    )
