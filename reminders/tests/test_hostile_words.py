"""Markup in any words that reach a mail: it is shown as typed, and nothing of it works."""

from html.parser import HTMLParser

import pytest

from clinic.audit import acting
from clinic.tests.factories import TESTS
from reminders.kinds import Kind
from reminders.models import MessagePolicy, MessageText
from reminders.tests.factories import make_due, make_visit
from reminders.tests.letters import STARTS, change, entries, part, speak_softly, written

pytestmark = pytest.mark.django_db
PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><b onmouseover=alert(1)>',
    "'><i onclick='alert(1)'>",
    "</title><script>alert(1)</script>",
    "</p></td></table><iframe src=//evil>",
    "<a href=javascript:alert(1)>here</a>",
    "<style>@import'//evil.example'</style>",
    "<!--><script>alert(1)</script>-->",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ 7|add:7 }}<base href=//evil.example>",
)
OF_CLINIC = ("sender_name", "address", "phone")
OURS = frozenset(
    {
        *("html", "head", "meta", "title", "body", "div", "table", "tr", "td"),
        *("p", "strong", "span", "br", "ul", "li", "a", "hr"),
    }
)


class Elements(HTMLParser):
    """The elements of a mail's HTML as a mail reader finds them, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.targets: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.targets |= {value or "" for name, value in attrs if name in {"href", "src"}}

    def handle_comment(self, data: str) -> None:
        self.tags.add("comment")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


@pytest.fixture
def due(clinic, patient, prescriber):
    speak_softly(clinic)
    return make_due(make_visit(patient, prescriber, STARTS))


def say_everywhere(clinic, patient, payload):
    """Write it wherever somebody's own words reach a mail; return what else the mail is told."""
    with acting(TESTS):
        patient.given_name = payload
        patient.save()
        for name in OF_CLINIC:
            setattr(clinic, name, payload)
        clinic.save()
    own = MessageText(
        kind=Kind.REMINDER, language="en", subject=payload, body=f"{payload}\n{{name}}"
    )
    policy = MessagePolicy(clinic=clinic, calendar_title=payload[:60])
    return {"texts": [own], "crisis_line": payload, "policy": policy}


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("kind", [Kind.REMINDER, Kind.CALLED_OFF])
def test_markup_in_any_words_of_a_mail_is_shown_as_it_was_typed(
    due, clinic, patient, settings, payload, kind
):
    """A-060 and A-064, as far as mails go: in the clinic's own words and in those that ship."""
    voice = say_everywhere(clinic, patient, payload)
    mail = written(change(due, kind=kind), **voice)
    page = Elements(part(mail, "text/html"))
    assert page.tags <= OURS
    assert not {name for name in page.attributes if name.startswith("on")}
    assert all(target.startswith((f"{settings.SITE_URL}/", "tel:")) for target in page.targets)
    assert page.targets
    assert page.text.count(payload) >= 5  # name, sender, address, phone, crisis line


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_the_words_of_a_calendar_entry_stays_text(due, clinic, patient, payload):
    """A-060, as far as calendar files go."""
    mail = written(due, **say_everywhere(clinic, patient, payload))
    ((_, event),) = entries(mail)
    assert event["SUMMARY"] == payload[:60]
    assert event["ORGANIZER"].params["CN"] == payload
    assert event["LOCATION"] == payload
