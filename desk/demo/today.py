"""The day in full swing: who sits where at the moment at which the demo is made.

Minutes count from that moment. Bookings start on round five minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desk.demo.charts import Charts, Standing
from desk.demo.courses import Courses
from desk.demo.people import Person
from desk.demo.script import ORDINARY, Script
from desk.demo.story import Story, Today, Told
from desk.demo.vitals import Curve
from sessions.lifecycle import Status
from sessions.models import Protocol, TreatmentSession

NASAL, INFUSION = "esketamine-trd-us", "ketamine-iv-twice-weekly"


@dataclass(frozen=True, slots=True)
class Scene:
    """`first_dose` is None for who has no part in a dose today: expected, late, absent."""

    name: str
    start: int
    chair: int
    days_ago: int
    first_dose: int | None = None
    script: Script = ORDINARY
    key: str = NASAL
    baseline: tuple[int, int] | None = None
    ending: Status | None = None


SCENES = (
    Scene("ready", -165, 0, 10, -135, Script(place="Waiting area", device_gap=5)),
    Scene(
        "high pressure",
        -160,
        1,
        24,
        -132,
        Script(curve=Curve(rise=(42, 24), settles=False), last_reading=119),
        baseline=(129, 82),
    ),
    Scene("reading overdue", -90, 2, 3, -60, Script(skipped=frozenset({41, 61}))),
    Scene("on time", -70, 3, 28, -42, Script(device_gap=7)),
    Scene("dosing", -30, 4, 14, -3, Script(arrival=-35)),
    Scene("cleared", -25, 5, 17, 2),
    Scene(
        "overrun",
        -230,
        6,
        7,
        -165,
        Script(curve=Curve(clears=False), last_reading=150, assessed=False),
    ),
    Scene("checked in", -10, 6, 3, 22),
    Scene("infusion", -45, 7, 3, -20, key=INFUSION),
    Scene("late", -20, 8, 28),
    Scene("expected", 45, 0, 21),
    Scene("expected later", 120, 1, 35),
    Scene("no-show", -150, 9, 14, ending=Status.NO_SHOW),
    Scene("left unsigned", -245, 8, 10, -218),
    Scene("left signed", -250, 4, 35, -224),
    Scene("infusion to come", -15, 9, 3, 22, key=INFUSION),
)
SMALL_SCENES = (
    Scene("on time", -75, 0, 14, -48),
    Scene("expected", 60, 1, 24),
)
UNWATCHED = {"reading overdue", "cleared"}
NO_SHOW_AFTER = timedelta(minutes=25)


@dataclass(frozen=True, slots=True)
class Cast:
    """What scenes are made with."""

    charts: Charts
    courses: Courses
    people: Iterator[Person]
    protocols: dict[str, Protocol]
    now: datetime

    def play(self, scene: Scene) -> Told:
        now = self.now.replace(second=0, microsecond=0)
        start = now + timedelta(minutes=scene.start)
        start -= timedelta(minutes=start.minute % 5)
        chart = self.charts.make(next(self.people), Standing(), known_for=scene.days_ago + 12)
        if scene.baseline:
            chart = replace(chart, baseline=scene.baseline)
        told = self.courses.tell(
            chart,
            Story(scene.key, scene.days_ago),
            self.protocols[scene.key],
            Today(start, self.courses.site.chairs[scene.chair]),
        )
        if told.today is None:
            raise ValueError(f"“{scene.name}”: day {scene.days_ago} has no session")
        self._go_on(scene, told, told.today, now)
        return told

    def _go_on(
        self, scene: Scene, told: Told, treatment_session: TreatmentSession, now: datetime
    ) -> None:
        recorder = self.courses.recorder(treatment_session)
        if scene.ending is not None:
            at = treatment_session.starts_at + NO_SHOW_AFTER
            recorder.tell_ending(scene.ending, at, "", by=self.courses.staff.front_desk)
        elif scene.first_dose is not None:
            first_dose = now + timedelta(minutes=scene.first_dose)
            order = told.order_on(treatment_session.number)
            recorder.tell(scene.script, first_dose, order, told.chart.baseline)
            if scene.name not in UNWATCHED:
                recorder.watch_from(first_dose)
            if scene.name == "ready":
                recorder.correct_a_slip(2)
