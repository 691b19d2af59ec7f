from uuid import UUID

from django.http import HttpRequest, HttpResponse


def chart(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return HttpResponse("chart")
