"""What patients type: forgiving, in their language, nothing of it a rule of the record."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from clinic.times import YEARS
from outcomes.instruments import Instrument
from outcomes.scoring import Answers, unanswered
from portal.models import CheckIn, Preparation

CHOOSE = {"required": _("Please choose one.")}


def _always(words: Any) -> dict[str, Any]:
    """Say the same, whatever is wrong with a field."""
    return dict.fromkeys(("required", "invalid", "invalid_choice", "min_value", "max_value"), words)


class Words(forms.CharField):
    """Free text: what can't be seen becomes a space instead of a refusal."""

    def __init__(self, *, rows: int = 0, **kwargs: Any) -> None:
        if rows:
            kwargs["widget"] = forms.Textarea(attrs={"rows": rows})
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        seen = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
        return "\n".join(" ".join(line.split()) for line in seen.split("\n")).strip()


class BirthDateForm(forms.Form):
    """Three fields, so that nobody has to know an order."""

    day = forms.IntegerField(
        label=_("Day"),
        min_value=1,
        max_value=31,
        error_messages=_always(_("Please enter a number from 1 to 31.")),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "bday-day"}),
    )
    month = forms.TypedChoiceField(
        label=_("Month"),
        coerce=int,
        choices=[("", "—"), *MONTHS.items()],
        error_messages=_always(_("Please choose the month.")),
        widget=forms.Select(attrs={"autocomplete": "bday-month"}),
    )
    year = forms.IntegerField(
        label=_("Year"),
        min_value=YEARS[0],
        max_value=YEARS[-1],
        error_messages=_always(_("Please enter the year in four digits, such as 1985.")),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "bday-year"}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            try:
                values["birth_date"] = date(values["year"], values["month"], values["day"])
            except ValueError as error:
                raise ValidationError(
                    _("There is no such day. Please look at day and month again.")
                ) from error
        return values


class ChangeForm(forms.Form):
    """Another time among those that are offered, or a call."""

    CALL = "call"

    wanted = forms.ChoiceField(
        error_messages=CHOOSE
        | {"invalid_choice": _("This time is not free any more. Please choose another one.")}
    )
    words = Words(label=_("Do you want to tell us something about it?"), max_length=500, rows=3)

    def __init__(self, *args: Any, offered: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wanted"].choices = [(each, each) for each in (*offered, self.CALL)]  # type: ignore[attr-defined]


class CancelForm(forms.Form):
    words = Words(label=_("Why? You don’t have to say."), max_length=500, rows=3)


class PrepareForm(forms.Form):
    ride = forms.ChoiceField(
        label=_("Is your ride home arranged?"),
        choices=[
            (Preparation.Ride.ARRANGED, _("Yes")),
            (Preparation.Ride.NOT_YET, _("Not yet")),
            (Preparation.Ride.NONE, _("I don’t have anybody. Please call me.")),
        ],
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    ride_by = Words(label=_("Who takes you home?"), max_length=120)
    fasting = forms.ChoiceField(
        label=_("Eating and drinking before your visit"),
        choices=[
            (Preparation.Fasting.CLEAR, _("I know until when I may eat and drink")),
            (Preparation.Fasting.ASKS, _("I have a question. Please call me.")),
        ],
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )

    def __init__(self, *args: Any, asks_fasting: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_fasting:
            del self.fields["fasting"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("ride") != Preparation.Ride.ARRANGED:
            values["ride_by"] = ""
        return values


class FeelingForm(forms.Form):
    feeling = forms.ChoiceField(
        label=_("How do you feel today?"),
        choices=[
            ("well", _("Well")),
            ("so_so", _("So-so")),
            ("unwell", _("Not well")),
        ],
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    words = Words(label=_("In your own words, if you like"), max_length=1000, rows=3)


class BodyForm(forms.Form):
    effects = forms.MultipleChoiceField(
        label=_("Since your visit, did you have any of these?"),
        choices=[
            ("dizzy", _("Dizzy")),
            ("sick", _("Felt sick or threw up")),
            ("headache", _("Headache")),
            ("tired", _("Very tired")),
            ("unreal", _("Felt strange or not like yourself")),
            ("anxious", _("Anxious")),
            ("sleep", _("Slept badly")),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    other = Words(label=_("Anything else?"), max_length=500, rows=2)
    how_bad = forms.ChoiceField(
        label=_("How bad is it now?"),
        choices=[
            ("none", _("I have nothing like that now")),
            ("mild", _("It does not bother me much")),
            ("bad", _("It bothers me a lot")),
        ],
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    urinary = forms.MultipleChoiceField(
        label=_("Passing water"),
        choices=[
            ("pain", _("It hurts or burns")),
            ("often", _("I have to go much more often")),
            ("blood", _("I have seen blood")),
            ("hold", _("I can’t hold it")),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class MoodForm(forms.Form):
    """Only the question about self-harm needs an answer: nothing else may hold up what follows."""

    self_harm = forms.ChoiceField(
        label=_("Since your visit, did you have thoughts of hurting or killing yourself?"),
        choices=[
            ("no", _("No")),
            ("yes", _("Yes")),
            ("rather_not", _("I would rather not say")),
        ],
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    mood = forms.ChoiceField(
        label=_("How is your mood, compared with before your visit?"),
        choices=[
            ("better", _("Better")),
            ("same", _("The same")),
            ("worse", _("Worse")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["mood", "self_harm"])


class MoreForm(forms.Form):
    words = Words(label=_("Is there anything else we should know?"), max_length=1000, rows=3)
    call = forms.BooleanField(label=_("Please call me"), required=False)


PARTS: Mapping[str, type[forms.Form]] = {
    CheckIn.Part.FEELING: FeelingForm,
    CheckIn.Part.BODY: BodyForm,
    CheckIn.Part.MOOD: MoodForm,
    CheckIn.Part.MORE: MoreForm,
}


class QuestionnaireForm(forms.Form):
    """One instrument, word for word; the browser holds nothing up, so that a risk arrives."""

    def __init__(
        self, *args: Any, instrument: Instrument, begun: Answers | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.instrument = instrument
        self.initial = {_name(code): value for code, value in (begun or {}).items()}
        for item in instrument.items:
            self.fields[_name(item.code)] = forms.TypedChoiceField(
                label=item.text,
                choices=[(str(points), text) for text, points in item.options],
                coerce=int,
                empty_value=None,
                required=False,
                widget=forms.RadioSelect,
                error_messages=CHOOSE | {"invalid_choice": CHOOSE["required"]},
            )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for code in unanswered(self.instrument, self.answers):
            if _name(code) not in self.errors:
                self.add_error(_name(code), CHOOSE["required"])
        return values

    @property
    def answers(self) -> Answers:
        """Return what is answered so far, also of a form that lacks something."""
        values = self.cleaned_data
        return {code: values.get(_name(code)) for code in self.instrument.codes}


def _name(code: str) -> str:
    return f"item_{code}"
