from uuid import UUID

from django.http import HttpRequest, HttpResponse


def session(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return HttpResponse("session")
