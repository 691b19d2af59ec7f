"""The process dies at its k-th step, for every k: each SQL statement, commit and SMTP command.

Each k gets a patient of its own; a process forked off works for him and dies, sweeps take up what
is left, and the checker judges all of it at the end.
"""

import json
import os
import signal
import smtplib
import sys
import time as stopwatch
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic import clock
from clinic.audit import acting
from clinic.models import Chair, User
from faults.inside import cast
from faults.inside.cast import FILL, LEAD
from patients.models import Patient
from reminders import claiming, delivery, sweeping
from reminders.mailer import Mailer
from reminders.models import Message
from sessions.models import TreatmentSession
from sessions.services import cancelling, moving, publishing

MOST = 2000
REASON = "The patient called us"
Act = Callable[["Visitor"], None]


class Dying:
    """Counts the steps of this process and ends it at one of them, as `kill -9` would."""

    def __init__(self, at: int) -> None:
        self.left = at

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the same with a step before and after it."""

        def watched(*args: Any, **options: Any) -> Any:
            self.step()
            done = work(*args, **options)
            self.step()
            return done

        return watched

    @contextmanager
    def watching(self) -> Iterator[None]:
        commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]  # not in the stubs
        with (
            connection.execute_wrapper(self._statement),
            patch.object(BaseDatabaseWrapper, "_commit", self.around(commit)),
            patch.object(smtplib.SMTP, "send", self.around(smtplib.SMTP.send)),
        ):
            yield

    def _statement(self, execute: Callable[..., Any], *args: Any) -> Any:
        return self.around(execute)(*args)


@dataclass
class Visitor:
    """One patient with a visit tomorrow, whose reminder may be due by now."""

    patient: Patient
    chair: Chair
    user: User
    session: TreatmentSession | None = None

    def book(self, *, due_in: float = -1.0, leads: int = 1) -> None:
        """Book a visit, or two of whose reminders fall due together."""
        now = clock.now()
        phase, (course,) = cast.first_phase(), cast.courses_of([self.patient], now)
        due = now + timedelta(seconds=due_in)
        sessions = [
            cast.visit_of(
                course,
                phase,
                self.chair,
                due + (1 + 2 * number) * LEAD,
                number=number + 1,
                scheduled_at=now - 3 * LEAD,
            )
            for number in range(leads)
        ]
        cast.save(sessions)
        self.session = sessions[0]


def plan(visitor: Visitor) -> None:
    visitor.book()


def send(visitor: Visitor) -> None:
    with Mailer() as mailer:
        for claimed in claiming.claim():
            delivery.send(claimed, mailer)


def sweep(visitor: Visitor) -> None:
    sweeping.sweep()


def cancel(visitor: Visitor) -> None:
    assert visitor.session is not None
    cancelling.cancel_sessions([visitor.session.pk], reason=REASON, by=visitor.user)


def move(visitor: Visitor) -> None:
    assert visitor.session is not None
    row = TreatmentSession.objects.select_related("clinic").get(pk=visitor.session.pk)
    local = (row.starts_at - timedelta(hours=2)).astimezone(row.clinic.zone)
    moving.move(
        row.pk,
        day=local.date(),
        wall_time=time(local.hour, local.minute, local.second),
        reason=REASON,
        by=visitor.user,
        version=row.version,
    )


SCENES: dict[str, tuple[int, Act]] = {
    "plan": (0, plan),
    "send": (1, send),
    "send two in one": (2, send),
    "sweep": (1, sweep),
    "cancel": (1, cancel),
    "move": (1, move),
}


def survives(visitor: Visitor, act: Act, at: int, injuries: Path) -> bool:
    """Let a process of its own do it and die at that step; return whether it got to its end."""
    connection.close()
    began = stopwatch.time()
    pid = os.fork()
    if pid == 0:
        _live(visitor, act, at)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        line = {"what": "kill", "who": act.__name__, "began": began, "ended": stopwatch.time()}
        with injuries.open("a") as file:
            file.write(json.dumps(line) + "\n")
        return False
    if os.WEXITSTATUS(status):
        raise RuntimeError(f"{act.__name__} failed at step {at}: see above")
    return True


def _live(visitor: Visitor, act: Act, at: int) -> None:
    """End this forked process in every case: nothing of its parent's may run on here."""
    result = 1
    try:
        with Dying(at).watching():
            act(visitor)
        result = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(result)


def recover(visitor: Visitor) -> None:
    """Deliver, as after the leases of the dead have ended."""
    with acting(FILL):
        left = Message.objects.filter(state=Message.State.SENDING)
        left.update(lease_until=clock.now() - timedelta(seconds=1))
    send(visitor)


def play(name: str, injuries: Path) -> int:
    """Let it die at step 1, 2, ... until a process survives; return how many died."""
    leads, act = SCENES[name]
    with acting(FILL):
        publishing.load_shipped()
    user = cast.user()
    visitors: list[Visitor] = []
    for died in range(MOST):
        if not visitors:
            patients = cast.clinic_of(50, cast.Zones.at(clock.now()).day[0])
            pairs = zip(patients, cast.chairs_of(patients), strict=True)
            visitors = [Visitor(patient, chair, user) for patient, chair in pairs]
        visitor = visitors.pop()
        if leads:
            visitor.book(leads=leads)
        survived = survives(visitor, act, 1 + died, injuries)
        recover(visitor)
        if survived:
            return died
    raise RuntimeError(f"{name} never ends")


def main(injuries: str, *names: str) -> None:
    print(json.dumps({name: play(name, Path(injuries)) for name in names or SCENES}))
