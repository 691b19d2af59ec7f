"""The ledger of mail up to now; what is still to go is planned by the product itself."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from clinic.models import Clinic
from desk.demo.charts import Chart
from desk.demo.places import Site
from desk.demo.rows import Rows
from desk.demo.story import Told
from patients.models import Task
from reminders import charted, marking, planning, reconciling, rules, silence
from reminders.kinds import BEFORE, Kind, may_go
from reminders.models import Message, MessagePolicy, MessageRule
from reminders.reaching import reaches_of
from reminders.rules import Facts, Reach, Window
from sessions.models import TreatmentSession

State = Message.State
WITHDRAWN = timedelta(days=4)
REFUSED = "The mail server refuses this address."
ANSWER_WITHIN = timedelta(hours=MessagePolicy().answer_within_hours)
CALLED_AFTER = timedelta(minutes=50)


class Ledger:
    """Writes one practice's messages whose time has come."""

    def __init__(self, rows: Rows, site: Site, now: datetime) -> None:
        self.rows, self.clinic, self.staff, self.now = rows, site.clinic, site.staff, now
        held = planning.rules_of({self.clinic.pk})[self.clinic.pk]
        self.rules_in_use = [rule for rule in held if rule.is_active and rule.is_for_visits]
        self.everybody = Reach(self.clinic.zone)
        self.sent: list[Message] = []
        self.unsent: list[Message] = []  # follow-ups that could not go

    def tell(self, courses: Iterable[Told]) -> None:
        for told in courses:
            for treatment_session in told.sessions:
                for message in self._due(told.chart, treatment_session):
                    self.rows.add(message)
        self._odd_ones()
        self._ask_for_answers()

    def fail(self, treatment_session: TreatmentSession) -> None:
        """Make the last reminder of a session one that could not be delivered, with its task."""
        message = next(
            m
            for m in reversed(self.sent)
            if m.treatment_session is treatment_session and m.kind == Kind.REMINDER
        )
        self.sent.remove(message)
        _unsend(message, State.FAILED, REFUSED)
        message.attempts, message.last_error = 1, "SMTPRecipientsRefused"
        self.rows.add(
            Task(
                clinic=self.clinic,
                patient=message.patient,
                kind=Task.Kind.MESSAGE_FAILED,
                role="front_desk",
                text=marking.request([message], REFUSED),
                due_at=message.not_before,
                source_kind="reminders.message",
                source_id=message.public_id,
                dedupe_key=f"message-failed:{message.public_id}:{message.occurrence}",
            )
        )

    def _due(self, chart: Chart, treatment_session: TreatmentSession) -> Iterator[Message]:
        for rule in self.rules_in_use:
            slot = rules.slot(rule.timing, reconciling.facts_of(treatment_session), self.everybody)
            if slot is None or slot.obstacle or slot.window.not_before > self.now:
                continue
            is_before = rule.kind in BEFORE
            if not is_before and not may_go(rule.kind, treatment_session.status):
                continue
            message = self._message(treatment_session, rule, slot.window)
            ended_at = treatment_session.ended_at
            obstacle = self._reach(chart, slot.window.not_before).obstacle
            if is_before and ended_at and ended_at < slot.window.not_before:
                _unsend(message, State.CANCELLED, reconciling.not_now(treatment_session.status))
            elif obstacle:
                _unsend(message, State.SUPPRESSED, obstacle)
                if rule.kind == Kind.FOLLOW_UP:
                    self.unsent.append(message)
            else:
                self._send(message, chart.address)
            yield message

    def _message(
        self, treatment_session: TreatmentSession, rule: MessageRule, window: Window
    ) -> Message:
        revision = treatment_session.schedule_rev
        return Message(
            clinic=self.clinic,
            patient=treatment_session.patient,
            treatment_session=treatment_session,
            kind=rule.kind,
            rule=rule,
            rule_revision=rule.revision,
            schedule_rev=revision,
            not_before=window.not_before,
            expires_at=window.expires_at,
            dedupe_key=f"{treatment_session.public_id}:{rule.key}:email:{revision}",
        )

    def _reach(self, chart: Chart, at: datetime) -> Reach:
        withdrawn = chart.email == "withdrawn" and at > self.now - WITHDRAWN
        return Reach(
            zone=self.clinic.zone,
            address="" if chart.email == "none" else chart.address,
            verified=chart.email not in {"none", "unverified"},
            consent=chart.email in {"agreed", "withdrawn"} and not withdrawn,
        )

    def _send(self, message: Message, address: str) -> None:
        message.state, message.attempts = State.SENT, 1
        message.sent_at = message.not_before + timedelta(seconds=12)
        message.sent_to = address
        self.sent.append(message)

    def _odd_ones(self) -> None:
        """One was too late after an outage; of one nobody knows whether it went twice."""
        reminders = [m for m in self.sent if m.kind == Kind.REMINDER]
        if len(reminders) > 1:
            _unsend(reminders[0], State.EXPIRED, "")
            self.sent.remove(reminders[0])
            reminders[-1].attempts, reminders[-1].maybe_twice = 2, True

    def _ask_for_answers(self) -> None:
        """Close what was asked for; the newest of each sort is still to be called."""
        silent = [
            (message.sent_at + ANSWER_WITHIN, message)
            for message in self.sent
            if message.kind == Kind.FOLLOW_UP and message.sent_at
        ]
        unsent = [(message.not_before, message) for message in self.unsent]
        for asked in (silent, unsent):
            due = sorted((pair for pair in asked if pair[0] < self.now), key=lambda pair: pair[0])
            for place, (asked_at, message) in enumerate(reversed(due)):
                task = self._task(message, asked_at)
                if place > 0:
                    task.closed_at, task.closed_by = asked_at + CALLED_AFTER, self.staff.nurse
                    task.closing_note = "Called: well, no complaints."

    def _task(self, message: Message, due_at: datetime) -> Task:
        return self.rows.add(
            Task(
                clinic=self.clinic,
                patient=message.patient,
                kind=Task.Kind.NO_ANSWER,
                role="nurse",
                text=silence.question(message),
                due_at=due_at,
                source_kind="reminders.message",
                source_id=message.public_id,
                dedupe_key=f"{silence.KEY}{message.public_id}",
            )
        )


def ask_from_home(clinic: Clinic, now: datetime) -> None:
    """Write the last mail that went about a questionnaire, which still waits for its answer."""
    rule = next(r for r in planning.rules_of({clinic.pk})[clinic.pk] if r.key == "questionnaire")
    waiting = charted.questionnaires().filter(clinic=clinic).order_by("-due_at", "pk")
    patients = [pk for pk in waiting.values_list("patient", flat=True) if pk]
    reaches, dates = reaches_of(patients, now), charted.dates_of(patients)
    for pk in patients:
        for about, due_on in dates[pk, Kind.QUESTIONNAIRE].items():
            slot = rules.slot(rule.timing, Facts(due_on=due_on), reaches[pk])
            if slot is None or slot.window.not_before > now or reaches[pk].obstacle_to(rule.kind):
                continue
            Message.objects.create(
                clinic=clinic,
                patient_id=pk,
                about=about,
                kind=rule.kind,
                rule=rule,
                rule_revision=rule.revision,
                not_before=slot.window.not_before,
                expires_at=slot.window.expires_at,
                state=State.SENT,
                attempts=1,
                sent_at=slot.window.not_before + timedelta(seconds=12),
                sent_to=reaches[pk].address,
                dedupe_key=f"{about}:{rule.key}:email",
            )
            return


def _unsend(message: Message, state: State, reason: str) -> None:
    message.state, message.reason, message.sent_at, message.sent_to = state, reason, None, ""
