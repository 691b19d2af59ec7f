from uuid import UUID

from django.http import HttpRequest, HttpResponse


def move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return HttpResponse(status=501)
