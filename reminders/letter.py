"""A mail that writes its own octets: what Django's message would say, for a quarter of the time."""

from binascii import b2a_qp
from email.header import Header
from email.mime.text import MIMEText
from email.utils import formataddr
from typing import Any
from uuid import uuid4

from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.core.mail.message import sanitize_address

CRLF = "\r\n"
SHORT, LONGEST = 76, 998  # characters of a header and of any line (RFC 5322, 2.1.1)
CALENDAR = ("text/calendar", 'charset="utf-8"; method="PUBLISH"')


class Letter(EmailMultiAlternatives):
    """To one recipient: a text, the same as HTML, and perhaps a calendar entry.

    `sender` is a name and an address.
    """

    def __init__(
        self,
        *,
        subject: str,
        sender: tuple[str, str],
        to: str,
        reply_to: str,
        headers: dict[str, str],
        text: str,
        html: str,
        calendar: str,
    ) -> None:
        super().__init__(
            subject,
            text,
            formataddr(sender),
            [to],
            reply_to=[reply_to] if reply_to else None,
            headers=headers,
            alternatives=[(html, "text/html")],
        )
        self.text, self.html, self.calendar = text, html, calendar
        self.envelope = (sender[1], _plain(to))  # what the mail server is told

    def message(self, **how: Any) -> Any:
        """Return it as Python's own object, for whatever is no mail server."""
        self.attachments = [_calendar_part(self.calendar)] if self.calendar else []
        return super().message(**how)

    def octets(self) -> bytes:
        headers = {
            "Subject": self.subject,
            "From": self.from_email,
            "To": self.envelope[1],
            **({"Reply-To": self.reply_to[0]} if self.reply_to else {}),
            **self.extra_headers,
            "MIME-Version": "1.0",
        }
        content = _multipart(
            "alternative",
            _part("text/plain", 'charset="utf-8"', self.text),
            _part("text/html", 'charset="utf-8"', self.html),
        )
        if self.calendar:
            shown = f'Content-Disposition: attachment; filename="appointment.ics"{CRLF}'
            content = _multipart("mixed", content, shown + _part(*CALENDAR, self.calendar))
        head = "".join(f"{name}: {_header(name, value)}{CRLF}" for name, value in headers.items())
        return (head + content).encode("ascii")


def _calendar_part(text: str) -> MIMEText:
    part = MIMEText(text, "calendar", "utf-8")
    part.set_param("method", "PUBLISH")
    part.add_header("Content-Disposition", "attachment", filename="appointment.ics")
    return part


def _plain(address: str) -> str:
    """Return the address as mail servers read it, its domain in ASCII."""
    return address if address.isascii() else sanitize_address(address, "utf-8")


def _header(name: str, value: str) -> str:
    if "\n" in value or "\r" in value:
        raise BadHeaderError(f"{name} holds a line break.")
    if not value.isascii():
        return Header(value, "utf-8", header_name=name).encode(linesep=CRLF)
    done, room = "", SHORT - len(name)
    while len(value) > room and (end := value.rfind(" ", 1, room)) > 0:
        done, value, room = f"{done}{value[:end]}{CRLF}", value[end:], SHORT
    return done + value


def _multipart(kind: str, *parts: str) -> str:
    boundary = uuid4().hex
    between = "".join(f"{CRLF}--{boundary}{CRLF}{part}" for part in parts)
    head = f'Content-Type: multipart/{kind};{CRLF} boundary="{boundary}"{CRLF}'
    return f"{head}{between}{CRLF}--{boundary}--{CRLF}"


def _part(kind: str, parameters: str, text: str) -> str:
    text = text.replace(CRLF, "\n")
    encoding = "7bit"
    if not text.isascii() or max(map(len, text.split("\n"))) > LONGEST:
        encoding, text = "quoted-printable", b2a_qp(text.encode()).decode("ascii")
    body = text.replace("\n", CRLF)
    head = f"Content-Type: {kind}; {parameters}{CRLF}Content-Transfer-Encoding: {encoding}{CRLF}"
    return f"{head}{CRLF}{body}"
