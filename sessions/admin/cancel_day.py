"""Cancel a day: look at its sessions, give the reason, see what was cancelled and what was not."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from clinic.access import staff
from clinic.admin_base import clinic_here
from clinic.forms import CalendarDateField, ClinicalForm, errors_on, field_of
from clinic.models import Clinic
from patients.forms.fields import ReasonField
from sessions.forms.fields import NoticeField
from sessions.lifecycle import ENDINGS, PRESENT, Status
from sessions.models import TreatmentSession
from sessions.notices import expects_notice
from sessions.services import cancelling

CHOOSE = "admin:treatment_sessions_treatmentsession_cancel_day"
DONE = "admin:treatment_sessions_treatmentsession_day_cancelled"
TEMPLATES = "admin/treatment_sessions/treatmentsession"


class DayForm(forms.Form):
    clinic = forms.ModelChoiceField(
        Clinic.objects.none(), to_field_name="public_id", empty_label=None
    )
    day = CalendarDateField()

    def __init__(self, *args: Any, clinics: list[Clinic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Clinic.objects.filter(pk__in=[clinic.pk for clinic in clinics])
        field_of(self, "clinic", forms.ModelChoiceField).queryset = rows


class CancelDayForm(DayForm, ClinicalForm):
    """The day and its sessions as they were shown, with the reason."""

    shown = forms.ModelMultipleChoiceField(
        TreatmentSession.objects.none(),
        to_field_name="public_id",
        widget=forms.MultipleHiddenInput,
        error_messages={"required": "No session of that day is planned: nothing to cancel."},
    )
    reason = ReasonField(
        max_length=200,
        label="Why",
        help_text="It stays on each session that is cancelled.",
        widget=forms.TextInput(attrs={"size": 60}),
    )
    notify = NoticeField(label="Tell the patients by e-mail")

    def __init__(self, *args: Any, clinics: list[Clinic], **kwargs: Any) -> None:
        super().__init__(*args, clinics=clinics, **kwargs)
        rows = TreatmentSession.objects.filter(clinic__in=clinics)
        field_of(self, "shown", forms.ModelMultipleChoiceField).queryset = rows
        for name in ("clinic", "day"):
            self.fields[name].widget = self.fields[name].hidden_widget()


def why_it_stays(treatment_session: TreatmentSession) -> str:
    if treatment_session.status in PRESENT:
        return "The patient is here: the visit goes on. It can be ended on its own page."
    if treatment_session.status in ENDINGS:
        return "It is over already."
    return "It came to this day after you looked. Look at the day again to cancel it too."


def day_url(name: str, clinic: Clinic, day: date) -> str:
    return f"{reverse(name)}?{urlencode({'clinic': clinic.public_id, 'day': day})}"


class CancelDayMixin(ModelAdmin):
    """Two pages of the sessions' admin: the day before it is cancelled, and afterwards."""

    def get_urls(self) -> list[URLPattern]:
        choose = self.admin_site.admin_view(self.cancel_day_view)
        done = self.admin_site.admin_view(self.day_cancelled_view)
        return [
            path("cancel-day/", choose, name=CHOOSE.partition(":")[2]),
            path("cancel-day/done/", done, name=DONE.partition(":")[2]),
            *super().get_urls(),
        ]

    def cancels_at(self, request: HttpRequest) -> list[Clinic]:
        """Return the clinic of this page, if this person may cancel there."""
        clinic = clinic_here(request)
        may = clinic is not None and staff(request).may(cancelling.CANCEL, clinic.pk)
        return [clinic] if clinic is not None and may else []

    def cancel_day_view(self, request: HttpRequest) -> HttpResponse:
        clinics = self._allowed(request)
        form = CancelDayForm(request.POST or None, clinics=clinics, initial={"clinic": clinics[0]})
        if form.is_valid():
            url = self._cancel(request, form)
            if not form.errors:
                return redirect(url or form.result_url)
        chosen = DayForm(request.POST or request.GET or None, clinics=clinics)
        chosen.fields["clinic"].initial = clinics[0].public_id
        sessions = _sessions(chosen)
        planned = [row for row in sessions if row.status == Status.PLANNED]
        form.initial["notify"] = expects_notice(planned)
        context = {
            "title": "Cancel a day",
            "form": form,
            "chosen": chosen,
            "is_chosen": chosen.is_bound and chosen.is_valid(),
            "planned": planned,
            "others": _with_reasons(row for row in sessions if row.status != Status.PLANNED),
        }
        return self._day_page(request, "cancel_day.html", context, status=form.status_code)

    def _cancel(self, request: HttpRequest, form: CancelDayForm) -> str:
        values = form.cleaned_data
        url = day_url(DONE, values["clinic"], values["day"])
        with errors_on(form):
            cancelling.cancel_day(
                values["clinic"],
                values["day"],
                [row.public_id for row in values["shown"]],
                reason=values["reason"],
                notify=values["notify"],
                by=staff(request),
                entry=form.submission("cancel_day", values["clinic"].pk),
                shown_at=url,
            )
        return url

    def day_cancelled_view(self, request: HttpRequest) -> HttpResponse:
        chosen = DayForm(request.GET, clinics=self._allowed(request))
        if not chosen.is_valid():
            return redirect(CHOOSE)
        sessions = _sessions(chosen)
        context = {
            "title": "Cancel a day: done",
            "chosen": chosen,
            "cancelled": [row for row in sessions if row.status == Status.CANCELLED],
            "others": _with_reasons(row for row in sessions if row.status != Status.CANCELLED),
            "left": any(row.status == Status.PLANNED for row in sessions),
            "again": day_url(CHOOSE, chosen.cleaned_data["clinic"], chosen.cleaned_data["day"]),
        }
        return self._day_page(request, "day_cancelled.html", context)

    def _allowed(self, request: HttpRequest) -> list[Clinic]:
        clinics = self.cancels_at(request)
        if not clinics:
            raise PermissionDenied(cancelling.CANCEL)
        return clinics

    def _day_page(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
    ) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"{TEMPLATES}/{template}", context, status=status)


def _sessions(chosen: DayForm) -> list[TreatmentSession]:
    if not chosen.is_bound or not chosen.is_valid():
        return []
    values = chosen.cleaned_data
    return list(cancelling.sessions_of(values["clinic"], values["day"]))


def _with_reasons(sessions: Iterable[TreatmentSession]) -> list[dict[str, Any]]:
    return [{"session": row, "why": why_it_stays(row)} for row in sessions]
