from django.http import HttpRequest, HttpResponse


def upload(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return HttpResponse()


def confirm(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return HttpResponse()


def discard(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return HttpResponse()
