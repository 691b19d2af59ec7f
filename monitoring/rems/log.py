"""What was recorded up to the end of the session, and what a person answered."""

from datetime import datetime, timedelta

from monitoring import timeline
from monitoring.evidence import Evidence
from monitoring.readings import Reading
from monitoring.rems.facts import Facts
from monitoring.rems.form import ANSWERED


class Log:
    """The readings of the session up to its end."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.evidence = Evidence(facts.history, facts.settings, facts.ended_at)
        self.first = min((device.given_at for device in facts.devices), default=None)
        self.last = max((device.given_at for device in facts.devices), default=None)

    def at(self, moment: datetime) -> str:
        local = moment.astimezone(self.facts.zone)
        began = (self.first or moment).astimezone(self.facts.zone)
        return f"{local:%H:%M}" if local.date() == began.date() else f"{local:%Y-%m-%d %H:%M}"

    def minutes(self, since: datetime | None) -> str:
        if since is None or self.facts.ended_at < since:
            return ""
        return str((self.facts.ended_at - since) // timedelta(minutes=1))

    def after_first(self, moment: datetime) -> int:
        return (moment - self.first) // timedelta(minutes=1) if self.first else 0

    def peak(self) -> tuple[Reading | None, str]:
        """Return the reading that settled the 40-minute check, or why there is none."""
        wanted = self.facts.settings.peak_check
        if wanted is None:
            return self.evidence.in_peak_window(), ""
        history = self.facts.history
        checks = timeline.due(
            self.facts.settings,
            history.administrations,
            history.readings,
            history.missed,
            self.facts.ended_at,
            arrived_at=self.facts.arrived_at,
        )
        check = next(check for check in checks if check.label == wanted.label)
        taken = (r for r in history.readings if r.id == check.settled_by)
        return next(taken, None), f"missed: {check.reason}" if check.state == "missed" else ""


def answer(facts: Facts, key: str) -> str:
    return ANSWERED.get(str(facts.answers.get(key, "")), "")


def asked(facts: Facts) -> str:
    return f"stated by {facts.answered_by}" if facts.answered_by else "asked"
