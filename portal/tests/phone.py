"""A patient's phone: opens the links of a message, types the birth date, sends forms."""

from typing import Any

from django.test import Client

from patients.models import EmailContact
from reminders import links
from reminders.links import Purpose
from reminders.models import Message
from reminders.tests.factories import hold_mail, save


def path_of(message: Message, purpose: Purpose = Purpose.VISIT) -> str:
    return f"{links.PATH}{links.token(message, purpose)}/"


def birth_date_of(message: Message) -> dict[str, str]:
    born = message.patient.birth_date
    return {"day": str(born.day), "month": str(born.month), "year": str(born.year)}


class Phone:
    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, message: Message, purpose: Purpose = Purpose.VISIT, query: str = "") -> Any:
        return self.client.get(path_of(message, purpose) + query)

    def post(self, message: Message, purpose: Purpose = Purpose.VISIT, **typed: Any) -> Any:
        return self.client.post(path_of(message, purpose), {"act": "1", **typed})

    def open(self, message: Message, purpose: Purpose = Purpose.VISIT) -> Any:
        """Type the birth date and return the page that follows."""
        return self.client.post(path_of(message, purpose), birth_date_of(message), follow=True)


def text_of(response: Any) -> str:
    text: str = response.content.decode()
    return text


def take_ground(message: Message, change: str) -> None:
    """End what every link of a message rests on: its address, leave to write, a living patient."""
    match change:
        case "address":
            save(EmailContact.objects.get(patient=message.patient), address="new@mail.example")
        case "held":
            hold_mail(message.patient)
        case "died":
            save(message.patient, deceased=True)
