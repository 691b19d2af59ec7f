from django.http import HttpRequest, HttpResponse


def patients(request: HttpRequest) -> HttpResponse:
    return HttpResponse("patients")


def search(request: HttpRequest) -> HttpResponse:
    return HttpResponse("patients")
