from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt

from bench.floor.models import Audit, Patient, Vitals

ROWS = 25


class VitalsForm(forms.ModelForm[Vitals]):
    class Meta:
        model = Vitals
        fields = ["systolic", "diastolic", "pulse", "spo2"]


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def patients(request: HttpRequest) -> HttpResponse:
    """Floor b: what every goal is measured against."""
    return render(request, "floor/patients.html", {"patients": Patient.objects.order_by("pk")[:ROWS]})


@login_required
def patient(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Patient, pk=pk)
    context = {"patient": found, "courses": found.courses.all(), "vitals": found.vitals.all()[:10]}
    return render(request, "floor/patient.html", context)


@csrf_exempt
@transaction.atomic
def add_vitals(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Patient, pk=pk)
    form = VitalsForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    form.instance.patient = found
    form.save()
    Audit.objects.create(event="vitals.recorded", patient=found)
    return HttpResponse(status=204)
