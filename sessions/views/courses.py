from uuid import UUID

from django.http import HttpRequest, HttpResponse


def course(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return HttpResponse(status=501)


order = rhythm = stop = course
