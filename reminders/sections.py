"""What stands in a mail: a section for each message, each visit's facts once, no button twice."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.conf import settings

from clinic.models import Clinic
from monitoring.models import DischargePolicy
from monitoring.models.way_home import INSTRUCTIONS
from reminders import links
from reminders.calendars import address_lines
from reminders.kinds import BEFORE, Kind
from reminders.links import Purpose
from reminders.models import Message, MessageText
from reminders.words import BOX, BOXED, Language, LocalTime, fill_lines, one_line
from sessions.models import MonitoringTemplate, TreatmentSession

IMPORTANCE = (
    *(Kind.CALLED_OFF, Kind.CHANGED, Kind.LATE_BOOKING, Kind.REMINDER, Kind.PREPARATION),
    *(Kind.MISSED, Kind.CONSENT_EXPIRING, Kind.QUESTIONNAIRE, Kind.FOLLOW_UP),
    *(Kind.INSTRUCTIONS, Kind.ON_CALL),
)
"""The most important part gives a mail its subject and stands first."""

VISIT_BUTTONS = (Purpose.VISIT, Purpose.RESCHEDULE, Purpose.PREPARE)
BUTTONS: Mapping[str, Sequence[Purpose]] = {
    **dict.fromkeys((*BEFORE, Kind.CHANGED), VISIT_BUTTONS),
    Kind.PREPARATION: (Purpose.PREPARE, Purpose.RESCHEDULE),
    Kind.MISSED: (Purpose.REBOOK,),
    Kind.FOLLOW_UP: (Purpose.CHECK_IN,),
    Kind.QUESTIONNAIRE: (Purpose.QUESTIONNAIRE,),
}
POINT = "- "


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Box:
    """When and where a visit is, on the patient's clock and, if that differs, on the clinic's."""

    begins: LocalTime
    at_clinic: str
    place: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of lines, or the points of a list, or the box."""

    lines: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Section:
    subject: str
    blocks: tuple[Block, ...]
    buttons: tuple[Button, ...]


@dataclass(slots=True)
class Composer:
    """Writes the parts of one mail in the words of one clinic and one language."""

    clinic: Clinic
    words: Language
    zone: ZoneInfo
    far_from: datetime  # the clinic moves no visit before it by a link
    texts: Sequence[MessageText] = ()
    _boxed: set[int] = field(default_factory=set)
    _linked: set[tuple[int | None, str, Purpose]] = field(default_factory=set)
    _said: dict[tuple[int | None, str], set[str]] = field(default_factory=dict)

    def sections(self, parts: Sequence[Message]) -> list[Section]:
        """Write a section for each part; what would be said twice is said once."""
        found: list[Section] = []
        said: set[tuple[int | None, str, str]] = set()
        for message in parts:
            values = self.values(message)
            subject, body = self._text(message)
            body = fill_lines(body, values)
            key = (message.treatment_session_id, _apart(message), body)
            if key not in said:
                said.add(key)
                blocks = tuple(self._blocks(message, body))
                buttons = tuple(self._buttons(message))
                if blocks or buttons or not found:
                    subject = self._subject(message, subject, values)
                    found.append(Section(subject, blocks, buttons))
        return found

    def _subject(self, message: Message, text: str, values: dict[str, str]) -> str:
        """Fill the subject; whoever lives by another clock than the clinic's reads whose it is."""
        session = message.treatment_session
        if session is not None and self._at_clinic(session):
            values = values | {"time": f"{values['time']} ({values['zone']})"}
        return one_line(fill_lines(text, values)) or one_line(self.clinic.sender_name)

    def _text(self, message: Message) -> tuple[str, str]:
        """Return subject and body: the clinic's for this rule, or for the kind, or the shipped."""
        chosen = own_text(self.texts, message.kind, message.rule_id, self.words.code)
        if chosen is not None:
            return chosen.subject, chosen.body
        text = self.words.kinds[message.kind]
        return text["subject"], "\n\n".join(text["body"])

    def values(self, message: Message) -> dict[str, str]:
        """Return what is known here for the names in braces."""
        clinic, phone = self.clinic, one_line(self.clinic.phone)
        values = {"clinic": one_line(clinic.sender_name)}
        if phone:
            values["phone"] = phone
        if message.kind == Kind.ON_CALL:
            return values | {"site": settings.SITE_URL}
        values["contact"] = self._contact(phone)
        if message.kind in BOXED:
            values["visit"] = BOX
        name = one_line(message.patient.given_name)
        if name:
            values["name"] = name
        if message.treatment_session is not None:
            values |= self._of_visit(message, message.treatment_session)
        if message.kind == Kind.CONSENT_EXPIRING:
            last_day = date.fromisoformat(message.about.rpartition(":")[2])
            values["due_day"] = self.words.day(last_day)
        if message.kind == Kind.INSTRUCTIONS:
            lines = (one_line(line) for line in self._instructions())
            values["instructions"] = "\n".join(f"{POINT}{line}" for line in lines if line)
        return values

    def _instructions(self) -> Sequence[str]:
        """Return the clinic's instructions; those that ship in the patient's language."""
        own = DischargePolicy.of(self.clinic.pk).instructions.splitlines()
        return (own == INSTRUCTIONS.splitlines() and self.words.instructions) or own

    def _contact(self, phone: str) -> str:
        can_reply = bool(one_line(self.clinic.email))
        if phone:
            return self.words.say("reply_or_call" if can_reply else "call", phone=phone)
        return self.words.say("reply" if can_reply else "tell")

    def _of_visit(self, message: Message, session: TreatmentSession) -> dict[str, str]:
        begins = LocalTime.of(session.starts_at, self.zone, self.words)
        values = {"day": begins.day, "time": begins.time, "zone": begins.zone}
        if message.kind in BOXED and self._text_has(message, "food", "fluids"):
            for name, minutes in fasting_minutes(session).items():
                until = session.starts_at - timedelta(minutes=minutes)
                at = LocalTime.of(until, self.zone, self.words)
                values |= {f"{name}_day": at.day, f"{name}_time": at.time}
        return values

    def _text_has(self, message: Message, *names: str) -> bool:
        whole = "".join(self._text(message))
        return any(f"{{{name}_" in whole for name in names)

    def _blocks(self, message: Message, body: str) -> list[Block]:
        box = self._box(message)
        blocks: list[Block] = []
        body = "\n".join(self._unsaid(message, body, is_boxed=box is not None))
        for paragraph in re.split(r"\n{2,}", body):
            lines = filter(None, paragraph.splitlines())
            for form, group in groupby(lines, key=_form):
                if form == "points":
                    points = tuple(line.removeprefix(POINT) for line in group)
                    blocks.append(Block(points=points))
                elif form == "lines":
                    blocks.append(Block(lines=tuple(group)))
                elif box is not None:
                    blocks.append(Block(box=box))
                    box = None
        return [Block(box=box), *blocks] if box is not None else blocks

    def _unsaid(self, message: Message, body: str, *, is_boxed: bool) -> list[str]:
        """Leave out what an earlier section says of the same visit, and a line that led to that."""
        lines = [one_line(line) for line in body.splitlines()]
        earlier = self._said.setdefault((message.treatment_session_id, _apart(message)), set())
        kept: list[str] = []
        follows, is_gap = "", False
        for line in reversed(lines):
            leads = line.endswith(":") and not follows.startswith(POINT)
            if line in earlier or (line == BOX and not is_boxed) or (leads and is_gap):
                is_gap = True
                continue
            kept.append(line)
            if line:
                follows, is_gap = line, False
        earlier.update(filter(None, lines))
        return kept[::-1]

    def _box(self, message: Message) -> Box | None:
        """Return the visit's facts, unless an earlier section has them."""
        session = message.treatment_session
        if session is None or message.kind not in BOXED or session.pk in self._boxed:
            return None
        self._boxed.add(session.pk)
        begins = LocalTime.of(session.starts_at, self.zone, self.words)
        return Box(begins, self._at_clinic(session), address_lines(self.clinic))

    def _at_clinic(self, session: TreatmentSession) -> str:
        """Say what the clinic's clock shows then, if it is another time than the patient's."""
        if self.zone == self.clinic.zone:
            return ""
        begins = LocalTime.of(session.starts_at, self.zone, self.words)
        there = LocalTime.of(session.starts_at, self.clinic.zone, self.words)
        if (there.day, there.time) == (begins.day, begins.time):
            return ""
        return self.words.say("at_the_clinic", time=there.time, day=there.day, zone=there.zone)

    def _buttons(self, message: Message) -> list[Button]:
        """Return the links that this part offers; the mail says all without them, too."""
        found = []
        for purpose in BUTTONS.get(message.kind, ()):
            if purpose == Purpose.RESCHEDULE and self._is_near(message.treatment_session):
                continue
            key = (message.treatment_session_id, _apart(message), purpose)
            if key not in self._linked:
                self._linked.add(key)
                label = self.words.buttons[purpose.name.lower()]
                found.append(Button(label, links.url(message, purpose)))
        return found

    def _is_near(self, session: TreatmentSession | None) -> bool:
        """Whether a page for another time could only say that it is too late."""
        return session is not None and session.starts_at < self.far_from


def own_text(
    texts: Sequence[MessageText], kind: str, rule_id: int | None, language: str
) -> MessageText | None:
    """Return the clinic's words for this rule, else for its kind, if it has any."""
    own = {text.rule_id: text for text in texts if (text.kind, text.language) == (kind, language)}
    return own.get(rule_id) or own.get(None)


def fasting_minutes(session: TreatmentSession) -> dict[str, int]:
    """Return how long before the visit no food and no fluids, where the protocol asks for it."""
    template = MonitoringTemplate.objects.get(protocol__courses=session.course_id)
    asked = {"food": template.predose_food_minutes, "fluids": template.predose_fluids_minutes}
    return {name: minutes for name, minutes in asked.items() if minutes}


def in_order(parts: Sequence[Message]) -> list[Message]:
    """Return the parts of a mail, the most important first; those of one visit stand together."""
    first: dict[int | None, int] = {}
    for message in parts:
        of_visit = first.setdefault(message.treatment_session_id, _importance(message))
        first[message.treatment_session_id] = min(of_visit, _importance(message))

    def urgency(message: Message) -> tuple[int, float, int]:
        session = message.treatment_session
        starts_at = session.starts_at.timestamp() if session else 0
        return first[message.treatment_session_id], starts_at, _importance(message)

    return sorted(parts, key=urgency)


def _apart(message: Message) -> str:
    """Return what keeps a part from another of its kind; one link opens all questionnaires."""
    return "" if message.kind == Kind.QUESTIONNAIRE else message.about


def _importance(message: Message) -> int:
    return IMPORTANCE.index(Kind(message.kind))


def _form(line: str) -> str:
    if line == BOX:
        return "box"
    return "points" if line.startswith(POINT) else "lines"
