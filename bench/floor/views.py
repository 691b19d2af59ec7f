from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt

from bench.floor.models import Audit, Course, Patient, Vitals

ROWS = 25


class VitalsForm(forms.Form):
    systolic = forms.IntegerField(min_value=50, max_value=300)
    diastolic = forms.IntegerField(min_value=20, max_value=200)
    pulse = forms.IntegerField(min_value=20, max_value=300)
    spo2 = forms.IntegerField(min_value=50, max_value=100)


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def patients(request: HttpRequest) -> HttpResponse:
    """Floor b: what every goal is measured against."""
    first = Patient.objects.order_by("pk")[:ROWS]
    return render(request, "floor/patients.html", {"patients": first})


@login_required
def patient(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Patient, pk=pk)
    courses = Course.objects.filter(patient=found)
    vitals = Vitals.objects.filter(patient=found)[:10]
    context = {"patient": found, "courses": courses, "vitals": vitals}
    return render(request, "floor/patient.html", context)


@csrf_exempt
@transaction.atomic
def add_vitals(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Patient, pk=pk)
    form = VitalsForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    Vitals.objects.create(patient=found, **form.cleaned_data)
    Audit.objects.create(event="vitals.recorded", patient=found)
    return HttpResponse(status=204)
