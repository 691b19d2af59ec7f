"""Who is at a page, as far as the page needs it: words, clock and clinic of one message."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from clinic.models import Clinic
from patients.models import EmailContact, PatientPolicy
from reminders import calendars
from reminders.links import Purpose
from reminders.models import Message, MessagePolicy
from reminders.reaching import zone_of
from reminders.words import ENGLISH, code_of, words_in, zone_words
from sessions.models import TreatmentSession


@dataclass(frozen=True, slots=True)
class Visitor:
    message: Message
    purpose: Purpose
    now: datetime
    policy: MessagePolicy
    crisis_line: str

    @classmethod
    def of(cls, message: Message, purpose: Purpose, now: datetime) -> "Visitor":
        policy = MessagePolicy.of(message.clinic_id)
        return cls(message, purpose, now, policy, PatientPolicy.of(message.clinic_id).crisis_line)

    @property
    def clinic(self) -> Clinic:
        return self.message.clinic

    @property
    def session(self) -> TreatmentSession:
        session = self.message.treatment_session
        if session is None:
            raise ValueError("This message is about no visit.")
        return session

    @property
    def calendar_file(self) -> str:
        """Return the same entry that came with the mails."""
        words = words_in(self.language)
        return calendars.entry(self.session, self.clinic, self.policy, words, self.now).text

    @property
    def language(self) -> str:
        return code_of(self._contact.language) if self._contact else ENGLISH

    @property
    def zone(self) -> ZoneInfo:
        """Return the patient's clock; the clinic's where that is not known."""
        return zone_of(self._contact) or self.clinic.zone

    @property
    def _contact(self) -> EmailContact | None:
        return getattr(self.message.patient, "email_contact", None)

    @property
    def initial(self) -> str:
        """Tell apart the patients who share a mailbox, without a name."""
        name = self.message.patient.given_name or self.message.patient.family_name
        return f"{name[:1]}."

    @contextmanager
    def in_their_words(self) -> Iterator[None]:
        """Speak the patient's language, on the patient's clock."""
        with translation.override(self.language), timezone.override(self.zone):
            yield

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def day(self, moment: datetime) -> str:
        return said_day(self.local(moment))

    def zone_words(self, moment: datetime) -> str:
        return zone_words(moment, self.zone)


def said_day(local: datetime) -> str:
    """Return "Monday, 23 November 2026" in the language that is spoken now."""
    # Translators: a date format: see the documentation of Django's `date` filter.
    return formats.date_format(local, _("l, j F Y"))
