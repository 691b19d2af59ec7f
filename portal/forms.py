"""What patients type: forgiving, in their language, nothing of it a rule of the record."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.models import CheckIn, Preparation

OLDEST = 1900
CHOOSE = {"required": lazy("Please choose one.")}


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
        label=lazy("Day"),
        min_value=1,
        max_value=31,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "bday-day"}),
    )
    month = forms.TypedChoiceField(
        label=lazy("Month"),
        coerce=int,
        choices=[("", "—"), *MONTHS.items()],
        widget=forms.Select(attrs={"autocomplete": "bday-month"}),
    )
    year = forms.IntegerField(
        label=lazy("Year"),
        min_value=OLDEST,
        max_value=2200,
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
        | {"invalid_choice": lazy("This time is not free any more. Please choose another one.")}
    )
    words = Words(label=lazy("Do you want to tell us something about it?"), max_length=500, rows=3)

    def __init__(self, *args: Any, offered: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wanted"].choices = [(each, each) for each in (*offered, self.CALL)]  # type: ignore[attr-defined]


class CancelForm(forms.Form):
    words = Words(label=lazy("Why? You don’t have to say."), max_length=500, rows=3)


class PrepareForm(forms.Form):
    ride = forms.ChoiceField(
        label=lazy("Is your ride home arranged?"),
        choices=[
            (Preparation.Ride.ARRANGED, lazy("Yes")),
            (Preparation.Ride.NOT_YET, lazy("Not yet")),
            (Preparation.Ride.NONE, lazy("I don’t have anybody. Please call me.")),
        ],
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    ride_by = Words(label=lazy("Who takes you home?"), max_length=120)
    fasting = forms.ChoiceField(
        label=lazy("Eating and drinking before your visit"),
        choices=[
            (Preparation.Fasting.CLEAR, lazy("I know until when I may eat and drink")),
            (Preparation.Fasting.ASKS, lazy("I have a question. Please call me.")),
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
        label=lazy("How do you feel today?"),
        choices=[
            ("well", lazy("Well")),
            ("so_so", lazy("So-so")),
            ("unwell", lazy("Not well")),
        ],
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    words = Words(label=lazy("In your own words, if you like"), max_length=1000, rows=3)


class BodyForm(forms.Form):
    effects = forms.MultipleChoiceField(
        label=lazy("Since your visit, did you have any of these?"),
        choices=[
            ("dizzy", lazy("Dizzy")),
            ("sick", lazy("Felt sick or threw up")),
            ("headache", lazy("Headache")),
            ("tired", lazy("Very tired")),
            ("unreal", lazy("Felt strange or not like yourself")),
            ("anxious", lazy("Anxious")),
            ("sleep", lazy("Slept badly")),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    other = Words(label=lazy("Anything else?"), max_length=500, rows=2)
    how_bad = forms.ChoiceField(
        label=lazy("How bad is it now?"),
        choices=[
            ("none", lazy("I have nothing like that now")),
            ("mild", lazy("It does not bother me much")),
            ("bad", lazy("It bothers me a lot")),
        ],
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    urinary = forms.MultipleChoiceField(
        label=lazy("Passing water"),
        choices=[
            ("pain", lazy("It hurts or burns")),
            ("often", lazy("I have to go much more often")),
            ("blood", lazy("I have seen blood")),
            ("hold", lazy("I can’t hold it")),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class MoodForm(forms.Form):
    """Only the question about self-harm needs an answer: nothing else may hold up what follows."""

    self_harm = forms.ChoiceField(
        label=lazy("Since your visit, did you have thoughts of hurting or killing yourself?"),
        choices=[
            ("no", lazy("No")),
            ("yes", lazy("Yes")),
            ("rather_not", lazy("I would rather not say")),
        ],
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    mood = forms.ChoiceField(
        label=lazy("How is your mood, compared with before your visit?"),
        choices=[
            ("better", lazy("Better")),
            ("same", lazy("The same")),
            ("worse", lazy("Worse")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["mood", "self_harm"])


class MoreForm(forms.Form):
    words = Words(label=lazy("Is there anything else we should know?"), max_length=1000, rows=3)
    call = forms.BooleanField(label=lazy("Please call me"), required=False)


PARTS: Mapping[str, type[forms.Form]] = {
    CheckIn.Part.FEELING: FeelingForm,
    CheckIn.Part.BODY: BodyForm,
    CheckIn.Part.MOOD: MoodForm,
    CheckIn.Part.MORE: MoreForm,
}
