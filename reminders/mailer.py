"""One kept connection to the mail server; each message is bounded as a whole.

A socket's own limit counts only each wait.
"""

import re
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Self, TypeGuard

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend

DJANGO_SMTP = "django.core.mail.backends.smtp.EmailBackend"
HANGS_UP = 421
REFUSES_US = 554
ENHANCED = re.compile(r"5\.(\d{1,3})\.\d{1,3}\b")  # RFC 3463: 1 address, 2 mailbox


class UndeliveredError(Exception):
    """`for_good`: the server refuses address or message. `maybe_sent`: it may have taken it."""

    def __init__(self, cause: Exception, *, maybe_sent: bool) -> None:
        super().__init__(type(cause).__name__)
        self.name = type(cause).__name__
        self.for_good = _is_refusal(cause)
        self.maybe_sent = maybe_sent and not _is_answer(cause)


def _is_answer(cause: Exception) -> TypeGuard[smtplib.SMTPResponseException]:
    """Whether the server said no; of an answer that was cut off, smtplib reads what is there."""
    return isinstance(cause, smtplib.SMTPResponseException) and 400 <= cause.smtp_code < 600


def _is_refusal(cause: Exception) -> bool:
    """A 5xx about the recipient or the content; one about us as sender is our own trouble."""
    if isinstance(cause, smtplib.SMTPRecipientsRefused):
        return all(_is_about_the_address(*answer) for answer in cause.recipients.values())
    return isinstance(cause, smtplib.SMTPDataError) and cause.smtp_code >= 500


def _is_about_the_address(code: int, words: bytes | str) -> bool:
    """A 5.7.x or a bare 554 says that the server won't relay for us: trouble for every address."""
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    status = ENHANCED.match(text)
    if status is not None:
        return status[1] in {"1", "2"}
    return code >= 500 and code != REFUSES_US


def _leaves_connection_usable(cause: Exception) -> bool:
    if isinstance(cause, smtplib.SMTPRecipientsRefused):
        return all(code != HANGS_UP for code, _ in cause.recipients.values())
    return _is_answer(cause) and cause.smtp_code != HANGS_UP


class _Watched(smtplib.SMTP):
    """Shows itself before it connects, and notes when the server may have the message."""

    maybe_sent = False

    def __init__(self, *args: Any, show: Callable[["_Watched"], None], **kwargs: Any) -> None:
        show(self)
        super().__init__(*args, **kwargs)

    def data(self, msg: Any) -> Any:
        self.maybe_sent = True
        return super().data(msg)

    def cut(self) -> None:
        """End whatever another thread is waiting for here."""
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _WatchedSMTPSSL(_Watched, smtplib.SMTP_SSL): ...


class BoundedBackend(EmailBackend):
    """Django's SMTP backend, which another thread can cut short at any step."""

    connection: Any
    watched: _Watched | None = None

    @property
    def connection_class(self) -> Any:
        kind = _WatchedSMTPSSL if self.use_ssl else _Watched
        return partial(kind, show=partial(setattr, self, "watched"))


class _Watchdog:
    """Calls `cut` when a step takes too long: one thread, asleep through many short steps."""

    def __init__(self, seconds: float, cut: Callable[[], None]) -> None:
        self._seconds, self._cut = seconds, cut
        self._ends: float | None = None
        self._state = threading.Condition()
        self._is_awake = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        with self._state:
            self._ends = time.monotonic() + self._seconds
            if not self._is_awake:
                self._is_awake = True
                threading.Thread(target=self._watch, daemon=True).start()
        try:
            yield
        finally:
            with self._state:
                self._ends = None

    def _watch(self) -> None:
        """Sleep until the step may be over; a later one ends later, so nobody has to wake it."""
        with self._state:
            while self._ends is not None:
                left = self._ends - time.monotonic()
                if left <= 0:
                    self._ends = None
                    self._cut()
                else:
                    self._state.wait(left)
            self._is_awake = False


class Mailer:
    """Opens when the first message goes, and opens anew after the connection was lost."""

    def __init__(self, seconds: float | None = None) -> None:
        limit = settings.MESSAGE_TIME.total_seconds() if seconds is None else seconds
        is_smtp = settings.EMAIL_BACKEND == DJANGO_SMTP
        self._backend: Any = BoundedBackend() if is_smtp else get_connection()
        self._is_open = False
        self._watchdog = _Watchdog(limit, self.cut)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        self._is_open = False
        with suppress(OSError), self._watchdog.watching():
            self._backend.close()

    def send(self, mail: EmailMessage) -> None:
        """Hand the mail over, or raise UndeliveredError.

        A kept connection that died while it was idle costs nothing: the mail goes by a new one.
        """
        was_open = self._is_open
        try:
            with self._watchdog.watching():
                try:
                    self._hand_over(mail)
                except (smtplib.SMTPServerDisconnected, ConnectionError):
                    if not was_open or self._maybe_sent:
                        raise
                    self._drop()
                    self._hand_over(mail)
        except OSError as error:  # of which every SMTPException is one
            maybe_sent = self._maybe_sent
            if not _leaves_connection_usable(error):
                self._drop()
            raise UndeliveredError(error, maybe_sent=maybe_sent) from error

    def _hand_over(self, mail: EmailMessage) -> None:
        if not self._is_open:
            self._backend.open()
            self._is_open = True
        if self._watched is not None:
            self._watched.maybe_sent = False
        self._backend.send_messages([mail])

    @property
    def _watched(self) -> _Watched | None:
        return getattr(self._backend, "watched", None)

    @property
    def _maybe_sent(self) -> bool:
        return self._watched is not None and self._watched.maybe_sent

    def _drop(self) -> None:
        """Forget the connection without a word to a server that may not answer."""
        self._is_open = False
        if self._watched is not None:
            self._watched.cut()
        with suppress(OSError):
            self._backend.close()

    def cut(self) -> None:
        if self._watched is not None:
            self._watched.cut()
