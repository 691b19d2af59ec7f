"""One sweep: hold what a restore left in doubt, send what is due, ask where nobody answered, plan
what was overlooked, seal the trail.

Its last act is a heartbeat: the board says when none has come for a while.

Any number of sweeps may run at once. Whoever rings, Celery or `manage.py sweep`, calls this.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import close_old_connections

from clinic import heartbeat, sealing
from reminders import claiming, delivery, on_call, overlooked, restoring, silence
from reminders.mailer import Mailer

# With the 20 s that one message may take, a stop waits for 30 s at most.
BUDGET = timedelta(seconds=10)


@dataclass(slots=True)
class Swept:
    """What one sweep did; `unfinished` says that more is due."""

    states: Counter[str] = field(default_factory=Counter)
    repaired: int = 0
    asked: int = 0
    called: int = 0
    held: int = 0
    unfinished: bool = False


def sweep(stopping: Callable[[], bool] = lambda: False, budget: timedelta = BUDGET) -> Swept:
    swept = Swept()
    ends = time.monotonic() + budget.total_seconds()

    def is_over() -> bool:
        return stopping() or time.monotonic() > ends

    swept.held = restoring.notice()
    swept.called = on_call.call_again()
    with Mailer() as mailer:
        _deliver(mailer, swept, is_over)
    swept.asked = silence.ask_about_silence()
    swept.repaired = overlooked.repair(is_over)
    sealing.seal()
    heartbeat.beat(heartbeat.SWEEP)
    return swept


def _deliver(mailer: Mailer, swept: Swept, is_over: Callable[[], bool]) -> None:
    """Send batch after batch; the message in hand is always finished, the rest given back."""
    while not is_over():
        claims = claiming.claim()
        if not claims:
            return
        while claims and not is_over():
            states = delivery.send(claims.pop(0), mailer)
            swept.states.update(states)
            if delivery.INTERRUPTED in states:
                close_old_connections()
        delivery.release(claims)
    swept.unfinished = True
